"""Slow and obvious NumPy versions of what skrnn does fast, written from the equations."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_rnn(x, W, U, b, state=None):
    """Every state of an Elman network: h_t = tanh(x_t W + h_{t-1} U + b), with h_0 = 0.

    J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990).

    x is (n, steps, features), W (features, units), U (units, units), b (units,); returned are (n,
    steps, units). ``state`` is a list of what the layer begins with, [h], which becomes what it
    ends with.
    """
    x = np.asarray(x, dtype=float)
    n, steps, _ = x.shape
    state = [np.zeros((n, len(U)))] if state is None else state
    (h,) = state
    states = []
    for t in range(steps):
        h = np.tanh(x[:, t] @ W + h @ U + b)
        states.append(h)
    state[:] = [h]
    return np.stack(states, axis=1)


def lstm(x, W, U, b, state=None):
    """Every state h_t of a long short-term memory with forget gate; columns in order i, f, c, o.

    S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); F. A.
    Gers, J. Schmidhuber and F. Cummins, "Learning to forget", Neural Computation 12 (2000):

        i_t = sigmoid(x_t W_i + h_{t-1} U_i + b_i)
        f_t = sigmoid(x_t W_f + h_{t-1} U_f + b_f)
        g_t = tanh(x_t W_c + h_{t-1} U_c + b_c)
        o_t = sigmoid(x_t W_o + h_{t-1} U_o + b_o)
        c_t = f_t c_{t-1} + i_t g_t
        h_t = o_t tanh(c_t)

    x is (n, steps, features), W (features, 4 units), U (units, 4 units), b (4 units,); returned are
    (n, steps, units). ``state`` is a list of what the layer begins with, [h, c], which becomes what
    it ends with.
    """
    x = np.asarray(x, dtype=float)
    n, steps, _ = x.shape
    W_i, W_f, W_c, W_o = np.split(np.asarray(W, dtype=float), 4, axis=1)
    U_i, U_f, U_c, U_o = np.split(np.asarray(U, dtype=float), 4, axis=1)
    b_i, b_f, b_c, b_o = np.split(np.asarray(b, dtype=float), 4)
    state = [np.zeros((n, len(U)))] * 2 if state is None else state
    h, c = state
    states = []
    for t in range(steps):
        i = sigmoid(x[:, t] @ W_i + h @ U_i + b_i)
        f = sigmoid(x[:, t] @ W_f + h @ U_f + b_f)
        g = np.tanh(x[:, t] @ W_c + h @ U_c + b_c)
        o = sigmoid(x[:, t] @ W_o + h @ U_o + b_o)
        c = f * c + i * g
        h = o * np.tanh(c)
        states.append(h)
    state[:] = [h, c]
    return np.stack(states, axis=1)


def gru(x, W, U, b, state=None):
    """Every state of a gated recurrent unit, reset after the product; columns in the order z, r, h.

    K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014,
    arXiv:1406.1078v1 (the first version: the reset gate multiplies the recurrent product and its
    bias d, not the state):

        z_t = sigmoid(x_t W_z + b_z + h_{t-1} U_z + d_z)
        r_t = sigmoid(x_t W_r + b_r + h_{t-1} U_r + d_r)
        g_t = tanh(x_t W_h + b_h + r_t (h_{t-1} U_h + d_h))
        h_t = z_t h_{t-1} + (1 - z_t) g_t

    x is (n, steps, features), W (features, 3 units), U (units, 3 units); b (2, 3 units) holds the
    rows b and d. Returned are (n, steps, units). ``state`` is a list of what the layer begins with,
    [h], which becomes what it ends with.
    """
    x = np.asarray(x, dtype=float)
    n, steps, _ = x.shape
    W_z, W_r, W_h = np.split(np.asarray(W, dtype=float), 3, axis=1)
    U_z, U_r, U_h = np.split(np.asarray(U, dtype=float), 3, axis=1)
    (b_z, d_z), (b_r, d_r), (b_h, d_h) = np.split(np.asarray(b, dtype=float), 3, axis=1)
    state = [np.zeros((n, len(U)))] if state is None else state
    (h,) = state
    states = []
    for t in range(steps):
        z = sigmoid(x[:, t] @ W_z + b_z + h @ U_z + d_z)
        r = sigmoid(x[:, t] @ W_r + b_r + h @ U_r + d_r)
        g = np.tanh(x[:, t] @ W_h + b_h + r * (h @ U_h + d_h))
        h = z * h + (1 - z) * g
        states.append(h)
    state[:] = [h]
    return np.stack(states, axis=1)


def mingru(x, W, b, state=None, activation=np.tanh):
    """Every state of a minimal gated recurrent unit; columns in the order z, c.

    L. Feng et al., "Were RNNs all we needed?", arXiv:2410.01201 (2024), whose candidate has no
    activation:

        z_t = sigmoid(x_t W_z + b_z)
        c_t = activation(x_t W_c + b_c)
        h_t = (1 - z_t) h_{t-1} + z_t c_t

    x is (n, steps, features), W (features, 2 units), b (2 units,); returned are (n, steps, units).
    ``state`` is a list of what the layer begins with, [h], which becomes what it ends with.
    """
    x = np.asarray(x, dtype=float)
    n, steps, _ = x.shape
    W_z, W_c = np.split(np.asarray(W, dtype=float), 2, axis=1)
    b_z, b_c = np.split(np.asarray(b, dtype=float), 2)
    state = [np.zeros((n, len(b_z)))] if state is None else state
    (h,) = state
    states = []
    for t in range(steps):
        z = sigmoid(x[:, t] @ W_z + b_z)
        c = activation(x[:, t] @ W_c + b_c)
        h = (1 - z) * h + z * c
        states.append(h)
    state[:] = [h]
    return np.stack(states, axis=1)


def minlstm(x, W, b, state=None, activation=np.tanh):
    """Every state of a minimal long short-term memory; columns in the order i, f, c.

    L. Feng et al., as above:

        i_t = sigmoid(x_t W_i + b_i)
        f_t = sigmoid(x_t W_f + b_f)
        c_t = activation(x_t W_c + b_c)
        h_t = f_t / (f_t + i_t) h_{t-1} + i_t / (f_t + i_t) c_t

    x is (n, steps, features), W (features, 3 units), b (3 units,); returned are (n, steps, units).
    ``state`` is a list of what the layer begins with, [h], which becomes what it ends with.
    """
    x = np.asarray(x, dtype=float)
    n, steps, _ = x.shape
    W_i, W_f, W_c = np.split(np.asarray(W, dtype=float), 3, axis=1)
    b_i, b_f, b_c = np.split(np.asarray(b, dtype=float), 3)
    state = [np.zeros((n, len(b_i)))] if state is None else state
    (h,) = state
    states = []
    for t in range(steps):
        i = sigmoid(x[:, t] @ W_i + b_i)
        f = sigmoid(x[:, t] @ W_f + b_f)
        c = activation(x[:, t] @ W_c + b_c)
        h = f / (f + i) * h + i / (f + i) * c
        states.append(h)
    state[:] = [h]
    return np.stack(states, axis=1)


def reverse(x):
    """The same samples with their steps in the opposite order."""
    return np.asarray(x)[:, ::-1]


def bidirectional(layer, x, forward, backward, *, sequences=False):
    """What one layer says reading forwards, beside what its twin says reading backwards.

    M. Schuster and K. K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on
    Signal Processing 45 (1997).

    `layer` is one of the functions above, `forward` and `backward` are the weights of the two.
    Returned are each one's last state, (n, 2 units): the backward one has then read the oldest step
    last. With `sequences`, all states, (n, steps, 2 units), both in the order of the steps.
    """
    ahead = layer(x, *forward)
    back = layer(reverse(x), *backward)
    if sequences:
        return np.concatenate([ahead, reverse(back)], axis=-1)
    return np.concatenate([ahead[:, -1], back[:, -1]], axis=-1)


def windows_by_loop(rows, length, *, lead=1, sampling_rate=1):
    """For each row t the window that ends at row t - lead; a step before the first row is NaN.

    Returned are (n_rows, length, features).
    """
    rows = _as_rows(rows)
    windows = np.full((len(rows), length, rows.shape[1]), np.nan)
    for t in range(len(rows)):
        for j in range(length):
            row = t - lead - (length - 1 - j) * sampling_rate
            if row >= 0:
                windows[t, j] = rows[row]
    return windows


def make_windows_by_loop(series_list, length, leads, target=0, sampling_rate=1, stride=1):
    """The windows of a panel whose steps and leads all exist, and their targets.

    In each series the origins, the rows that windows end at, are the earliest possible one and
    every `stride` rows after it. X is (n, length, features); y is (n, n_leads), or (n,) for a
    single lead.
    """
    leads = list(leads)
    X, y = [], []
    for series in series_list:
        rows = _as_rows(series)
        origin = (length - 1) * sampling_rate
        while origin + max(leads) < len(rows):
            X.append([rows[origin - (length - 1 - j) * sampling_rate] for j in range(length)])
            y.append([rows[origin + lead, target] for lead in leads])
            origin += stride
    features = _as_rows(series_list[0]).shape[1]
    X = np.array(X, dtype=float).reshape(-1, length, features)
    y = np.array(y, dtype=float).reshape(-1, len(leads))
    return X, y[:, 0] if len(leads) == 1 else y


def differences_by_loop(rows, lags):
    """Each row less the row `lag` before it, for each lag in turn; NaN where there is none."""
    rows = _as_rows(rows)
    for lag in [lags] if np.isscalar(lags) else lags:
        differences = np.full(rows.shape, np.nan)
        for t in range(lag, len(rows)):
            differences[t] = rows[t] - rows[t - lag]
        rows = differences
    return rows


def _as_rows(rows):
    """An array or DataFrame as (n_rows, features) floats; one dimension is one feature."""
    rows = np.asarray(rows, dtype=float)
    return rows[:, np.newaxis] if rows.ndim == 1 else rows


def pinball(y, values, quantiles):
    """The mean pinball loss of quantiles (…, n_quantiles) of y (…), number by number."""
    losses = []
    for index in np.ndindex(y.shape):
        for value, q in zip(values[index], quantiles, strict=True):
            error = y[index] - value
            losses.append(q * error if error >= 0 else (q - 1) * error)
    return np.mean(losses)


def mean_change(rows, lag, memory, before=None):
    """The mean |rows[t] - rows[t - lag]|, in which one of ``memory`` rows before counts half.

    ``before`` is that of endlessly many rows in front of these.
    """
    decay = 0.5 ** (1 / memory)
    total = weight = 0.0
    for t in range(lag, len(rows)):
        change = abs(rows[t] - rows[t - lag])
        if not np.isnan(change):
            total += change * decay ** (len(rows) - 1 - t)
            weight += decay ** (len(rows) - 1 - t)
    if before is not None and decay == 1:
        return before
    if before is not None:
        total += before * decay ** len(rows) / (1 - decay)
        weight += decay ** len(rows) / (1 - decay)
    return total / weight if total > 0 else np.nan
