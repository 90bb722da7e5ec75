"use strict";
// What the program does with a response, in the browser: io/explorer/pack.rs, source/cell_weights.rs and
// analysis/response/answer.rs have the other half. Lengths are mm here.
const sums = (() => {
  const data = JSON.parse(document.getElementById("explorer-data").textContent);

  // Means, errors, correlations and cumulated organ masses of an entry; once.
  async function unpack(entry) {
    if (entry.mean) return entry;
    const packed = entry.packed, [rows, voltages, planes] = packed.shape, count = rows * voltages * planes;
    const text = atob(packed.data), bytes = Uint8Array.from(text, sign => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const all = new Uint8Array(await new Response(stream).arrayBuffer());
    const words = (from, n) => Uint16Array.from({ length: n }, (_, at) => all[from + at] | all[from + n + at] << 8);
    const codes = words(0, count);
    for (let at = 0; at < count; at++) if (at % planes) codes[at] += codes[at - 1];
    for (let at = 0; at < count; at++) if (Math.floor(at / planes) % voltages) codes[at] += codes[at - planes];
    const negative = packed.mean_codes + 1, ofRow = voltages * planes;
    entry.mean = Float64Array.from(codes, (code, at) => {
      const size = code & packed.mean_codes;
      if (!size) return 0;
      const value = packed.means[Math.floor(at / ofRow)] * Math.exp((size - packed.mean_codes) * packed.mean_step);
      return code & negative ? -value : value;
    });
    entry.error = Float64Array.from({ length: count }, (_, at) => {
      const code = all[2 * count + at];
      return code ? packed.errors[Math.floor(at / ofRow)] * Math.exp((code - packed.error_codes) * packed.error_step) : 0;
    });
    const pairs = rows * voltages * voltages, afterPairs = 3 * count + pairs;
    entry.correlation = Float64Array.from(all.subarray(3 * count, afterPairs), code => code / 255);
    entry.cumulated = words(afterPairs, (all.length - afterPairs) / 2);
    entry.packed.data = null;
    return entry;
  }

  const overrange = phase => phase.overrange === "auto" ? data.overrange_feeds * phase.pitch * phase.collimation_mm / 2 : 0;
  // The focal spot's path, from the head end to the foot end.
  const path = phase => [phase.top_mm + overrange(phase), phase.bottom_mm - overrange(phase)];
  const rotations = phase => { const [start, stop] = path(phase); return Math.abs(start - stop) / (phase.pitch * phase.collimation_mm); };
  const mas = phase => phase.tube_current_ma * phase.rotation_time_s;
  const effectiveMas = phase => mas(phase) / phase.pitch;
  const exposedMm = phase => { const [start, stop] = path(phase); return start - stop; };

  // mAs cm² that cross every plane, with the slope within planes made up by the planes beside.
  function planeWeights(entry, phase) {
    const planes = entry.packed.shape[2], distance = entry.distance_mm, step = entry.plane_mm;
    const weight = new Float64Array(planes), along = new Float64Array(planes);
    const [start, stop] = path(phase), tangent = phase.collimation_mm / 2 / distance;
    const sine = tan => tan / Math.sqrt(1 + tan * tan);
    const steps = Math.max(1, Math.min(16384, Math.ceil((start - stop) / step * data.steps_per_plane)));
    for (let at = 0; at < steps; at++) {
      const z = start + (stop - start) * (at + 0.5) / steps;
      const low = z - distance * tangent, high = z + distance * tangent;
      for (let plane = Math.max(0, Math.floor((low - entry.low_mm) / step)); plane < planes; plane++) {
        const bottom = entry.low_mm + plane * step, from = Math.max(low, bottom), to = Math.min(high, bottom + step);
        if (from >= to) break;
        const cone = sine((to - z) / distance) - sine((from - z) / distance);
        weight[plane] += cone;
        along[plane] += cone * ((0.5 * (from + to) - bottom) / step - 0.5);
      }
    }
    const spread = Float64Array.from(weight);
    for (let plane = 1; plane + 1 < planes; plane++) {
      spread[plane + 1] += 0.5 * along[plane];
      spread[plane - 1] -= 0.5 * along[plane];
    }
    const scale = mas(phase) * rotations(phase) * (data.reference_mm / 10) ** 2 / steps;
    return spread.map(value => value * scale);
  }

  // Weights by tube voltage: phases of one voltage share the cells of the response, so that their weights add up.
  function weights(entry, phases, sign = 1, found = new Map()) {
    for (const phase of phases) {
      const voltage = data.tube_voltages_kv.indexOf(phase.tube_voltage_kv);
      const sum = found.get(voltage) || new Float64Array(entry.packed.shape[2]);
      planeWeights(entry, phase).forEach((value, plane) => { sum[plane] += sign * value; });
      found.set(voltage, sum);
    }
    return found;
  }

  // Value and standard error of every row. A row that nothing touched has 0 and, as its error, an upper limit.
  function values(entry, weighted) {
    const [rows, voltages, planes] = entry.packed.shape, all = [...weighted];
    return Array.from({ length: rows }, (_, row) => {
      let value = 0, variance = 0;
      for (let plane = 0; plane < planes; plane++) for (const [voltage, weight] of all) {
        if (!weight[plane]) continue;
        const at = (row * voltages + voltage) * planes + plane;
        value += weight[plane] * entry.mean[at];
        for (const [other, ofOther] of all) {
          const rho = entry.correlation[(row * voltages + voltage) * voltages + other];
          variance += rho * weight[plane] * entry.error[at] * ofOther[plane] * entry.error[(row * voltages + other) * planes + plane];
        }
      }
      if (value !== 0) return { value, error: Math.sqrt(Math.max(variance, 0)) };
      const heaviest = Math.max(...all.map(([voltage, weight]) => Math.max(...weight) * entry.packed.heaviest[voltage]));
      return { value: 0, error: heaviest * entry.one_photon[row] };
    });
  }

  // Row of the effective dose by a scheme for these values; -1 where the phantom lacks tissues.
  function effectiveRow(entry, found, scheme) {
    const row = (kind, id) => entry.rows.findIndex(row => row.kind === kind && row.id === id);
    const plain = row("effective", scheme);
    if (scheme === "ICRP 103" || plain < 0) return plain;
    const tissue = Object.fromEntries(entry.tissues);
    const dose = name => name in tissue ? found[tissue[name]].value : 0;
    const named = Math.max(0, ...data.icrp60.named.map(dose));
    let apart = null, most = named;
    for (const name of data.icrp60.remainder) if (dose(name) > named && dose(name) >= most) { apart = name; most = dose(name); }
    return apart ? row("effective-apart", apart) : plain;
  }

  // CTDIvol, DLP and SSDE of a phase in a CTDI phantom, mGy, mGy cm, mGy.
  function console(entry, phase, phantom) {
    const at = data.tube_voltages_kv.indexOf(phase.tube_voltage_kv);
    const [perMas, error] = entry.ctdi[phantom][at][data.collimations_mm.indexOf(phase.collimation_mm)];
    const volume = { value: perMas * effectiveMas(phase), error: error * effectiveMas(phase) };
    const dlp = { value: volume.value * exposedMm(phase) / 10, error: volume.error * exposedMm(phase) / 10 };
    const inside = entry.slices.z_mm.map((z, at) => z >= phase.bottom_mm && z <= phase.top_mm ? at : -1).filter(at => at >= 0);
    const mean = list => list.reduce((sum, value) => sum + value, 0) / list.length;
    const dw = inside.length ? mean(inside.map(at => entry.slices.dw_cm[at])) : null;
    const factors = inside.map(at => entry.slices.factor[phantom][at]);
    let factor = factors.length && !factors.includes(null) ? mean(factors) : null, report = "AAPM 204, 220";
    const fit = data.head_fit;
    if (phantom === "head16" && phase.bottom_mm >= entry.landmarks_mm.chin && dw >= fit.valid_cm[0] && dw <= fit.valid_cm[1]) {
      factor = fit.a * Math.exp(-fit.b_per_cm * dw);
      report = "AAPM 293";
    }
    const ssde = factor === null ? null : { value: factor * volume.value, error: factor * volume.error };
    return { volume, dlp, ssde, dw, report };
  }

  // Share of every organ's mass in the range of a phase.
  function coverage(entry, phase) {
    const { bottom_mm, step_mm, slices } = entry.profile;
    return (organ => {
      const upTo = mm => {
        const place = Math.min(Math.max((mm - bottom_mm) / step_mm, 0), slices), slice = Math.min(Math.floor(place), slices - 1);
        const face = at => at < 0 ? 0 : entry.cumulated[organ * slices + at] / 65535;
        return face(slice - 1) + (place - slice) * (face(slice) - face(slice - 1));
      };
      return upTo(phase.top_mm) - upTo(phase.bottom_mm);
    });
  }

  // Middle height of an organ's mass, mm.
  function middle(entry, organ) {
    const { bottom_mm, step_mm, slices } = entry.profile;
    const at = entry.cumulated.subarray(organ * slices, (organ + 1) * slices).findIndex(share => share >= 32768);
    return bottom_mm + at * step_mm;
  }

  // The heights a range may have, mm: the beam stays among the planes, unless they reach beyond the body.
  function limits(entry, phase) {
    const beyond = overrange(phase) + phase.collimation_mm / 2, top = entry.low_mm + entry.packed.shape[2] * entry.plane_mm;
    const body = entry.slices.z_mm, margin = 10;
    const foot = body[0] > entry.low_mm + margin ? body[0] - margin : entry.low_mm + beyond;
    const head = body[body.length - 1] < top - margin ? body[body.length - 1] + margin : top - beyond;
    return [foot, head];
  }

  return { data, unpack, weights, values, effectiveRow, console, coverage, middle, limits, effectiveMas, overrange };
})();
