// Rodas5P (Steinebach, BIT Numer. Math. 63:27, 2023) with dense LU and partial pivoting, for a handful of states.
// problem: { n, kernel, p, times, jumps, inputs, end, small }; returns outputs at `at` (rising), or says where it stopped.
const exoSolve = (tableau, problem, at, relative) => {
  const { n, kernel, p, times, jumps, inputs, end, small } = problem;
  const { gamma, weights, couplings, dense } = tableau, stages = weights.length;
  const zeros = (size) => new Float64Array(size);
  const x = zeros(n), next = zeros(n), point = zeros(n), f = zeros(n), J = zeros(n * n), W = zeros(n * n);
  const k = weights.map(() => zeros(n)), bend = dense.map(() => zeros(n)), pivots = new Int32Array(n), y = zeros(problem.outputs), found = [];
  let row = 0, steps = 0;
  const show = (state) => { kernel.outputs(state, p, y); found.push(Float64Array.from(y)); row += 1; };
  const rates = (state, input, into) => {
    kernel.rates(state, p, into);
    for (let i = 0; i < n; i += 1) into[i] += input[i];
  };
  const factor = () => {
    for (let c = 0; c < n; c += 1) {
      let best = c;
      for (let r = c + 1; r < n; r += 1) if (Math.abs(W[r * n + c]) > Math.abs(W[best * n + c])) best = r;
      pivots[c] = best;
      if (best !== c) for (let j = 0; j < n; j += 1) {
        const held = W[c * n + j]; W[c * n + j] = W[best * n + j]; W[best * n + j] = held;
      }
      const pivot = W[c * n + c];
      if (!(Math.abs(pivot) > 0)) return false;
      for (let r = c + 1; r < n; r += 1) {
        const share = W[r * n + c] / pivot;
        W[r * n + c] = share;
        if (share !== 0) for (let j = c + 1; j < n; j += 1) W[r * n + j] -= share * W[c * n + j];
      }
    }
    return true;
  };
  const solve = (b) => {
    for (let c = 0; c < n; c += 1) { const held = b[c]; b[c] = b[pivots[c]]; b[pivots[c]] = held; }
    for (let r = 1; r < n; r += 1) { let sum = b[r]; for (let j = 0; j < r; j += 1) sum -= W[r * n + j] * b[j]; b[r] = sum; }
    for (let r = n - 1; r >= 0; r -= 1) {
      let sum = b[r];
      for (let j = r + 1; j < n; j += 1) sum -= W[r * n + j] * b[j];
      b[r] = sum / W[r * n + r];
    }
  };
  kernel.start(p, x);
  for (let s = 0; s < times.length; s += 1) {
    const stop = s + 1 < times.length ? Math.min(times[s + 1], end) : end;
    const input = inputs[s];
    for (let i = 0; i < n; i += 1) x[i] += jumps[s][i];
    while (row < at.length && at[row] <= times[s]) show(x);
    if (!(stop > times[s])) continue;
    let t = times[s], h = stop - t, rejected = false;
    rates(x, input, f);
    for (let i = 0; i < n; i += 1) {  // a first step that moves no state far
      const size = small[i] + Math.abs(x[i]);
      if (f[i] !== 0) h = Math.min(h, 0.01 * size / Math.abs(f[i]));
    }
    h = Math.max(h, 1e-12 * (stop - t));
    while (t < stop) {
      steps += 1;
      if (steps > 20000) return { found, stopped: t };
      const last = t + h >= stop * (1 - 1e-14);
      if (last) h = stop - t;
      J.fill(0);
      kernel.jacobian(x, p, J);
      for (let i = 0; i < n * n; i += 1) W[i] = -J[i];
      for (let i = 0; i < n; i += 1) W[i * n + i] += 1 / (gamma * h);
      let error = factor() ? 0 : NaN;
      for (let stage = 0; stage < stages && error === 0; stage += 1) {
        point.set(x);
        for (let j = 0; j < weights[stage].length; j += 1) {
          const a = weights[stage][j], kj = k[j];
          for (let i = 0; i < n; i += 1) point[i] += a * kj[i];
        }
        const into = k[stage];
        rates(point, input, into);
        for (let j = 0; j < couplings[stage].length; j += 1) {
          const c = couplings[stage][j] / h, kj = k[j];
          for (let i = 0; i < n; i += 1) into[i] += c * kj[i];
        }
        solve(into);
      }
      if (error === 0) {
        const off = k[stages - 1];
        let sum = 0;
        for (let i = 0; i < n; i += 1) {
          next[i] = point[i] + off[i];
          const size = relative * Math.max(Math.abs(x[i]), Math.abs(next[i])) + relative * small[i];
          sum += (off[i] / size) ** 2;
        }
        error = Math.sqrt(sum / n);
      }
      const better = Number.isFinite(error) ? Math.min(6, Math.max(0.2, 0.9 * error ** -0.2)) : 0.2;
      if (!(error <= 1)) {
        h *= Math.min(better, 0.9);
        rejected = true;
        if (!(h > 1e-14 * (Math.abs(t) + stop - times[s]))) return { found, stopped: t };
        continue;
      }
      const reached = last ? stop : t + h;
      let curved = false;
      while (row < at.length && at[row] <= reached && !(at[row] === reached && s + 1 < times.length && last)) {
        if (!curved) bend.forEach((into, d) => {
          into.fill(0);
          for (let j = 0; j < stages; j += 1) for (let i = 0; i < n; i += 1) into[i] += dense[d][j] * k[j][i];
        });
        curved = true;
        const u = (at[row] - t) / h;
        for (let i = 0; i < n; i += 1) {
          point[i] = (1 - u) * x[i] + u * (next[i] + (1 - u) * (bend[0][i] + u * (bend[1][i] + u * bend[2][i])));
        }
        show(point);
      }
      x.set(next);
      t = reached;
      h *= rejected ? Math.min(better, 1) : better;
      rejected = false;
    }
  }
  return { found, stopped: null, steps };
};
