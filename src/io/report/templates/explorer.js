"use strict";
(() => {
  const $ = id => document.getElementById(id);
  const { data } = sums, MOST_PHASES = 4, LEAST_RANGE_MM = 5, TRACE = 0.02;
  if (typeof DecompressionStream === "undefined") {
    $("trouble").textContent = "This browser cannot unpack the page's data (DecompressionStream is missing); a newer one can.";
    $("trouble").hidden = false;
    return;
  }
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const digits = (value, count) => {
    if (!Number.isFinite(value)) return "–";
    if (value === 0) return "0";
    const size = Math.floor(Math.log10(Math.abs(value)));
    if (size < -4 || size > 6) return value.toExponential(count - 1);
    return size >= count ? String(Math.round(value)) : value.toFixed(Math.max(0, count - 1 - size));
  };
  const told = (estimate, count = 3) => estimate === null ? "–" : digits(estimate.value, count);
  const percent = ({ value, error }) => value ? `± ${digits(100 * error / Math.abs(value), 2)} %` : "";
  const phantoms = [...new Map(data.entries.map(entry => [entry.phantom, entry.name]))];
  const entryOf = (phantom, bowtie) => data.entries.findIndex(entry => entry.phantom === phantom && entry.bowtie === bowtie);

  let protocol, baseline, chosen = 0, shown = 0;
  const entry = () => data.entries[protocol.entry];
  const phase = () => protocol.phases[chosen];
  const copy = value => JSON.parse(JSON.stringify(value));

  // --- What is refused ---
  const NUMBERS = { tube_current_ma: [1, 2000], rotation_time_s: [0.2, 4], pitch: [0.1, 3.5] };
  function refusal(of) {
    for (const [at, one] of of.phases.entries()) {
      const name = `Phase ${at + 1}: `;
      for (const [key, [low, high]] of Object.entries(NUMBERS)) {
        if (!(one[key] >= low && one[key] <= high)) return `${name}${key} must be within ${low}..${high}, found ${one[key]}`;
      }
      if (!(one.top_mm >= one.bottom_mm + LEAST_RANGE_MM)) {
        return `${name}the upper end must lie at least ${LEAST_RANGE_MM} mm above the lower, found ${one.top_mm} and ${one.bottom_mm} mm`;
      }
      const [foot, head] = sums.limits(data.entries[of.entry], one);
      if (one.bottom_mm < foot || one.top_mm > head) {
        return `${name}the range must lie within ${Math.ceil(foot)}..${Math.floor(head)} mm, found ${one.bottom_mm}..${one.top_mm} mm: the response ends there`;
      }
    }
    return null;
  }

  // --- Doses ---
  function doses(of) {
    const at = data.entries[of.entry], weighted = sums.weights(at, of.phases);
    const values = sums.values(at, weighted);
    const effective = scheme => values[sums.effectiveRow(at, values, scheme)] || null;
    return { entry: at, weighted, values, effective: { "ICRP 103": effective("ICRP 103"), "ICRP 60": effective("ICRP 60") } };
  }
  // A ratio; of one response its error follows from that of the difference, this − ratio × baseline, since cells are shared.
  function ratio(now, before, row, ofBefore) {
    const a = now.values[row], b = before.values[ofBefore];
    if (!a || !b || !(a.value > 0) || !(b.value > 0)) return null;
    const value = a.value / b.value;
    if (now.entry !== before.entry || row !== ofBefore) return { value, error: value * Math.hypot(a.error / a.value, b.error / b.value) };
    const weighted = new Map([...now.weighted].map(([voltage, weight]) => [voltage, Float64Array.from(weight)]));
    sums.weights(now.entry, baseline.phases, -value, weighted);
    const one = oneRow(now.entry, row);
    const difference = sums.values(one, weighted)[0];
    // Equal protocols leave nothing but rounding.
    const error = difference.value === 0 ? 0 : difference.error / b.value;
    return { value, error: error < 1e-9 * value ? 0 : error };
  }
  // One row of an entry as an entry of its own.
  function oneRow(at, row) {
    const [, voltages, planes] = at.packed.shape, part = voltages * planes, pairs = voltages * voltages;
    return {
      packed: { ...at.packed, shape: [1, voltages, planes] }, one_photon: [at.one_photon[row]],
      mean: at.mean.subarray(row * part, (row + 1) * part), error: at.error.subarray(row * part, (row + 1) * part),
      correlation: at.correlation.subarray(row * pairs, (row + 1) * pairs),
      plane_mm: at.plane_mm, low_mm: at.low_mm, distance_mm: at.distance_mm,
    };
  }

  // --- Pictures and tables ---
  function card(name, estimate, unit, compared, key) {
    const figure = element("p", { className: "figure" }, `${told(estimate)}\u00a0`, element("small", { textContent: `${unit.replaceAll(" ", "\u00a0")} ${estimate ? percent(estimate).replaceAll(" ", "\u00a0") : ""}` }));
    figure.dataset.key = key;
    if (estimate) { figure.dataset.value = estimate.value; figure.dataset.error = estimate.error; }
    const made = element("div", { className: "card" }, element("p", { className: "label", textContent: name }), figure);
    if (compared) made.append(element("p", { className: "label", textContent: `${digits(compared.value, 3)}${compared.error ? ` ± ${digits(compared.error, 1)}` : ""} of the baseline` }));
    return made;
  }
  const sum = list => list.includes(null) ? null : { value: list.reduce((s, one) => s + one.value, 0), error: list.reduce((s, one) => s + one.error, 0) };
  const plainRatio = (a, b) => a && b && b.value ? { value: a.value / b.value, error: 0 } : null;

  function drawCards(now, before) {
    const consoles = of => of.phases.map(one => sums.console(data.entries[of.entry], one, of.ctdi));
    const [mine, theirs] = [consoles(protocol), consoles(baseline)];
    const effective = scheme => {
      const rows = [now, before].map(side => sums.effectiveRow(side.entry, side.values, scheme));
      return card(`Effective dose, ${scheme}`, now.effective[scheme], "mSv", ratio(now, before, ...rows), `effective ${scheme}`);
    };
    const dlp = list => sum(list.map(one => one.dlp));
    $("cards").replaceChildren(effective("ICRP 103"), effective("ICRP 60"),
      card(`DLP (${protocol.ctdi === "head16" ? 16 : 32} cm)`, dlp(mine), "mGy cm", protocol.ctdi === baseline.ctdi ? plainRatio(dlp(mine), dlp(theirs)) : null, "dlp"));
    const head = ["", ...mine.map((_, at) => `Phase ${at + 1}`)];
    $("consoles").tHead.replaceChildren(element("tr", {}, ...head.map(textContent => element("th", { textContent }))));
    const line = (name, of, key) => element("tr", {}, element("th", { textContent: name }), ...mine.map((one, at) => {
      const { text, exact } = of(one, protocol.phases[at]);
      const cell = element("td", { textContent: text });
      cell.dataset.key = `${key}-${at}`;
      cell.dataset.value = exact;
      return cell;
    }));
    $("consoles").tBodies[0].replaceChildren(
      line("CTDIvol", ({ volume }) => ({ text: `${told(volume)} mGy ${percent(volume)}`, exact: volume.value }), "ctdi-vol"),
      line("SSDE", ({ ssde, report }) => ({ text: ssde ? `${told(ssde)} mGy (${report})` : "outside AAPM 204's table", exact: ssde ? ssde.value : "" }), "ssde"),
      line("Water-equivalent diameter", ({ dw }) => ({ text: `${digits(dw, 3)} cm`, exact: dw }), "dw"),
      line("Effective mAs", (_, one) => ({ text: digits(sums.effectiveMas(one), 3), exact: sums.effectiveMas(one) }), "mas"));
  }

  function rowsShown(now) {
    const covered = protocol.phases.map(one => sums.coverage(now.entry, one));
    const rows = now.entry.rows.map((row, at) => ({ row, at })).filter(({ row }) => row.kind === "organ" || row.kind === "tissue");
    const organs = rows.filter(({ row }) => row.kind === "organ").length;
    return rows.filter(({ row }) => row.mass_g > 0 || row.kind === "tissue").map(one => ({
      ...one, share: one.at < organs ? Math.max(...covered.map(of => of(one.at))) : null,
      middle: one.at < organs ? sums.middle(now.entry, one.at) : -Infinity,
    })).sort((a, b) => b.middle - a.middle);
  }

  const field = share => share === null ? "" : share >= data.in_field ? "in" : share > 0.0005 ? "partly" : "out";
  function drawDoses(now, before) {
    const rows = rowsShown(now).map(one => {
      const ofBefore = before.entry.rows.findIndex(row => row.kind === one.row.kind && row.id === one.row.id);
      return { ...one, dose: now.values[one.at], base: ofBefore < 0 ? null : before.values[ofBefore], ratio: ratio(now, before, one.at, ofBefore) };
    });
    // What is hardly known does not set the scale.
    const known = rows.flatMap(({ dose, base }) => [dose, base].filter(one => one && one.error < 0.25 * one.value));
    const most = Math.max(1e-12, ...known.map(one => one.value + one.error));
    const share = value => `${Math.min(100, Math.max(0, 100 * value / most)).toFixed(2)}%`;
    const bar = (one, side, faint) => {
      const made = element("span", { className: `bar ${side}${faint}` });
      made.style.width = share(one.value);
      return made;
    };
    const whisker = one => {
      const made = element("span", { className: "whisker" });
      made.style.left = share(one.value - one.error);
      made.style.width = share(2 * one.error);
      return made;
    };
    const words = { in: "", partly: " faint", out: " fainter", "": "" };
    const bars = rows.filter(({ row, share, dose, base }) => $("all-organs").checked || !row.gas && (share === null || share > 0.0005 || Math.max(dose.value, base ? base.value : 0) > TRACE * most));
    $("chart").replaceChildren(...bars.flatMap(({ row, share, dose, base, ratio }) => {
      const track = element("span", { className: "track pair" }, bar(dose, "a", words[field(share)]));
      if (base) track.append(bar(base, "b", words[field(share)]));
      if (dose.value > 0 && dose.error < 0.25 * dose.value) track.append(whisker(dose));
      const value = dose.value ? `${told(dose)} ${percent(dose)}` : `below ${digits(dose.error, 1)}`;
      return [element("span", { className: "name", textContent: row.name }), track,
        element("span", { className: "value", textContent: ratio ? `${value}  × ${digits(ratio.value, 3)}` : value })];
    }));
    const cell = (value, exact) => {
      const made = element("td", { textContent: value });
      if (exact !== undefined) made.dataset.value = exact;
      return made;
    };
    const estimate = one => one ? [cell(told(one, 4), one.value), cell(digits(one.error, 2), one.error)] : [cell("–"), cell("–")];
    $("doses").tBodies[0].replaceChildren(...rows.map(({ row, share, dose, base, ratio }) => {
      const made = element("tr", {}, cell(row.name, row.id), cell(share === null ? "" : `${digits(100 * share, 3)} %`, share === null ? "" : share), ...estimate(dose), ...estimate(base), ...estimate(ratio));
      made.dataset.kind = row.kind;
      return made;
    }));
  }

  function drawRange() {
    const { top_mm, height_mm, width_mm } = entry().picture, one = phase(), over = sums.overrange(one);
    $("body").style.aspectRatio = `${width_mm} / ${height_mm}`;
    const place = (id, from, to) => {
      $(id).style.top = `${100 * (top_mm - from) / height_mm}%`;
      $(id).style.height = `${100 * Math.max(0, from - to) / height_mm}%`;
    };
    place("range", one.top_mm, one.bottom_mm);
    place("over-top", one.top_mm + over, one.top_mm);
    place("over-bottom", one.bottom_mm, one.bottom_mm - over);
  }

  function toml() {
    const at = entry(), quote = text => JSON.stringify(text), number = value => Number.isInteger(value) ? `${value}.0` : String(value);
    const phases = protocol.phases.map((one, index) => `
[[acquisition]]
phase = "phase ${index + 1}"
mode = "helical"
tube_voltage_kv = ${number(one.tube_voltage_kv)}
tube_current_ma = ${number(one.tube_current_ma)}
rotation_time_s = ${number(one.rotation_time_s)}
total_collimation_mm = ${number(one.collimation_mm)}
pitch = ${number(one.pitch)}
range = { z_mm = [${number(one.top_mm)}, ${number(one.bottom_mm)}] }
overrange = "${one.overrange}"
ctdi_phantom = "${protocol.ctdi}"
`);
    return `schema = "childsize.protocol/1"
name = ${quote(`Explorer: ${at.name}`)}

[phantom]
id = ${quote(at.phantom)}
voxel_mm = ${number(at.voxel_mm)}

[scanner]
model = ${quote(at.scanner)}
bowtie = ${quote(at.bowtie)}
${phases.join("")}`;
  }

  const options = (select, list, value) => select.replaceChildren(...list.map(([value, textContent]) => element("option", { value, textContent }))) || (select.value = value);
  const LEAST_MA = 5, MOST_MA = 1000;
  function drawControls() {
    const one = phase(), at = entry();
    options($("phantom"), phantoms, at.phantom);
    options($("bowtie"), data.entries.filter(other => other.phantom === at.phantom).map(other => [other.bowtie, other.bowtie]), at.bowtie);
    options($("region"), [...at.regions.map(region => [region.id, region.name]), ["own", "own range"]], one.region);
    options($("collimation_mm"), data.collimations_mm.map(mm => [mm, mm]), one.collimation_mm);
    $("ctdi").value = protocol.ctdi;
    $("kv").max = data.tube_voltages_kv.length - 1;
    $("kv").value = data.tube_voltages_kv.indexOf(one.tube_voltage_kv);
    $("kv-told").textContent = `${one.tube_voltage_kv} kV`;
    $("ma").value = 200 * Math.log(one.tube_current_ma / LEAST_MA) / Math.log(MOST_MA / LEAST_MA);
    $("ma-told").textContent = `${digits(one.tube_current_ma, 3)} mA`;
    $("overrange").value = one.overrange;
    for (const key of ["tube_current_ma", "rotation_time_s", "pitch", "top_mm", "bottom_mm"]) {
      if (document.activeElement !== $(key)) $(key).value = one[key];
    }
    $("phase-name").textContent = `Phase ${chosen + 1}`;
    const button = (textContent, pressed, act) => {
      const made = element("button", { type: "button", textContent, onclick: act });
      if (pressed !== null) made.setAttribute("aria-pressed", pressed);
      return made;
    };
    const buttons = protocol.phases.map((_, index) => button(`Phase ${index + 1}`, index === chosen, () => { chosen = index; show(); }));
    if (protocol.phases.length < MOST_PHASES) buttons.push(button("+ phase", null, () => { protocol.phases.push(copy(phase())); chosen = protocol.phases.length - 1; show(); }));
    if (protocol.phases.length > 1) buttons.push(button("− remove", null, () => { protocol.phases.splice(chosen, 1); chosen = Math.max(0, chosen - 1); show(); }));
    $("phases").replaceChildren(...buttons);
    const words = baseline.phases.map(one => `${one.tube_voltage_kv} kV, ${digits(sums.effectiveMas(one), 3)} mAs effective, ${digits(one.top_mm - one.bottom_mm, 3)} mm`);
    $("baseline-told").textContent = `Baseline: ${data.entries[baseline.entry].name}, bowtie ${data.entries[baseline.entry].bowtie}; ${words.join("; ")}`;
  }

  // Unpacks what is needed, then draws; what was asked for meanwhile is drawn last.
  async function show() {
    const turn = ++shown;
    await Promise.all([entry(), data.entries[baseline.entry]].map(sums.unpack));
    if (turn !== shown) return;
    if ($("coronal").src !== entry().picture.uri) $("coronal").src = entry().picture.uri;
    drawControls();
    drawRange();
    const refused = refusal(protocol);
    $("refusal").hidden = !refused;
    $("refusal").textContent = refused || "";
    for (const id of ["cards", "consoles", "below"]) $(id).hidden = Boolean(refused);
    $("explorer").hidden = false;
    if (refused) return;
    const now = doses(protocol), before = doses(baseline);
    drawCards(now, before);
    drawDoses(now, before);
    $("toml").textContent = toml();
    document.body.dataset.shown = turn;
  }
  let waiting = false;
  function showSoon() {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; show(); }, 16);
  }

  // --- What is moved ---
  function setRegion(one, at, id) {
    const region = at.regions.find(region => region.id === id);
    if (!region) return;
    const [foot, head] = sums.limits(at, one);
    one.region = id;
    one.top_mm = Math.floor(10 * Math.min(region.top_mm, head)) / 10;
    one.bottom_mm = Math.ceil(10 * Math.max(region.bottom_mm, foot)) / 10;
  }
  // Another child: the same region, or the same place between the base of the trunk and the vertex.
  function setEntry(index) {
    if (index < 0) return;
    const [from, to] = [entry(), data.entries[index]];
    protocol.entry = index;
    for (const one of protocol.phases) {
      if (one.region !== "own") { setRegion(one, to, one.region); continue; }
      const share = mm => (mm - from.landmarks_mm.trunk_base) / (from.landmarks_mm.vertex - from.landmarks_mm.trunk_base);
      const there = mm => Math.round(to.landmarks_mm.trunk_base + share(mm) * (to.landmarks_mm.vertex - to.landmarks_mm.trunk_base));
      [one.top_mm, one.bottom_mm] = [there(one.top_mm), there(one.bottom_mm)];
    }
  }
  // A drag stops at the ends of the response.
  function drag(which, mm) {
    const one = phase(), [foot, head] = sums.limits(entry(), one);
    const within = (value, low, high) => Math.round(Math.min(Math.max(value, Math.ceil(low)), Math.floor(high)));
    one.region = "own";
    if (which === "top") one.top_mm = within(mm, one.bottom_mm + LEAST_RANGE_MM, head);
    else if (which === "bottom") one.bottom_mm = within(mm, foot, one.top_mm - LEAST_RANGE_MM);
    else {
      const length = one.top_mm - one.bottom_mm;
      one.bottom_mm = within(mm - length / 2, foot, head - length);
      one.top_mm = one.bottom_mm + length;
    }
  }
  let held = null;
  $("body").addEventListener("pointerdown", event => {
    const box = $("body").getBoundingClientRect(), { top_mm, height_mm } = entry().picture;
    const at = y => top_mm - (y - box.top) / box.height * height_mm;
    const mm = at(event.clientY), one = phase(), near = 0.02 * height_mm;
    const which = Math.abs(mm - one.top_mm) < near ? "top" : Math.abs(mm - one.bottom_mm) < near ? "bottom" : "both";
    // What is grasped stays under the pointer; a press beside the box brings the box there.
    const grasped = { top: one.top_mm, bottom: one.bottom_mm, both: (one.top_mm + one.bottom_mm) / 2 }[which];
    const beside = which === "both" && (mm > one.top_mm || mm < one.bottom_mm);
    held = { which, at, off: beside ? 0 : mm - grasped };
    $("body").setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  $("body").addEventListener("pointermove", event => {
    if (!held) return;
    drag(held.which, held.at(event.clientY) - held.off);
    showSoon();
  });
  for (const name of ["pointerup", "pointercancel"]) $("body").addEventListener(name, () => { held = null; });

  const moved = (id, act) => $(id).addEventListener("input", () => { act($(id).value); showSoon(); });
  moved("phantom", id => setEntry([entryOf(id, entry().bowtie), data.entries.findIndex(entry => entry.phantom === id)].find(at => at >= 0)));
  moved("bowtie", id => setEntry(entryOf(entry().phantom, id)));
  moved("ctdi", id => { protocol.ctdi = id; });
  moved("kv", at => { phase().tube_voltage_kv = data.tube_voltages_kv[at]; });
  moved("ma", at => { phase().tube_current_ma = Number((LEAST_MA * (MOST_MA / LEAST_MA) ** (at / 200)).toPrecision(3)); });
  moved("overrange", value => { phase().overrange = value; });
  moved("region", id => {
    phase().region = id;
    const region = entry().regions.find(region => region.id === id);
    if (!region) return;
    // Heads have a bowtie and a CTDI phantom of their own, where there is only one phase to follow.
    const other = data.entries.findIndex(other => other.phantom === entry().phantom && (other.bowtie === "head") === region.head);
    if (protocol.phases.length === 1 && other >= 0) {
      protocol.entry = other;
      protocol.ctdi = region.head ? "head16" : "body32";
    }
    setRegion(phase(), entry(), id);
  });
  for (const key of ["tube_current_ma", "rotation_time_s", "pitch", "collimation_mm", "top_mm", "bottom_mm"]) {
    moved(key, value => {
      phase()[key] = value === "" ? NaN : Number(value);
      if (key === "top_mm" || key === "bottom_mm") phase().region = "own";
    });
  }
  $("all-organs").addEventListener("input", showSoon);
  $("set-baseline").addEventListener("click", () => { baseline = copy(protocol); show(); });

  const start = Math.max(0, data.entries.findIndex(entry => entry.phantom.includes("05y") && entry.bowtie !== "head"));
  const first = { region: "chest", tube_voltage_kv: 120, tube_current_ma: 100, rotation_time_s: 0.5, pitch: 1, collimation_mm: data.collimations_mm.at(-1), overrange: "auto" };
  setRegion(first, data.entries[start], "chest");
  // The baseline is the same scan at 120 kV.
  protocol = { entry: start, ctdi: data.entries[start].bowtie === "head" ? "head16" : "body32", phases: [first] };
  baseline = copy(protocol);
  first.tube_voltage_kv = 100;
  show();
})();
