"use strict";
(() => {
  const $ = id => document.getElementById(id);
  const block = $("viewer-data");
  if (!block || typeof DecompressionStream === "undefined") return;
  const data = JSON.parse(block.textContent);
  const [nx, ny, nz] = data.counts, count = nx * ny * nz;
  // Axes to the right, along the vertical, and through; whether the vertical grows upwards.
  const PLANES = {
    coronal: { right: 0, vertical: 2, through: 1, up: true, letters: "RLHF" },
    sagittal: { right: 1, vertical: 2, through: 0, up: true, letters: "APHF" },
    axial: { right: 0, vertical: 1, through: 2, up: false, letters: "RLAP" },
  };
  const ISODOSE = [0.1, 0.25, 0.5, 0.75, 0.9], LOG_DECADES = 3, SCALE_BAR_MM = 50, OUTSIDE = 255;
  const colours = name => {
    const text = data.colours[name];
    return Array.from({ length: 256 }, (_, i) => [0, 2, 4].map(k => parseInt(text.substr(6 * i + k, 2), 16)));
  };
  const table = { dose: colours("dose"), error: colours("error") };
  let density, organs, low, high, errors, marked = -1;
  const place = data.counts.map(n => n >> 1);
  const range = data.ranges[0];
  if (range) {
    const middle = Math.round(((range.top_mm + range.bottom_mm) / 2 - data.first_mm[2]) / data.spacing_mm[2]);
    place[2] = Math.min(Math.max(middle, 0), nz - 1);
  }

  // Layers that are shown: the ranges and a hand's breadth around them, or all.
  const all = [0, nz];
  const near = (() => {
    const layer = mm => (mm - data.first_mm[2]) / data.spacing_mm[2];
    const low = Math.max(0, Math.floor(Math.min(...data.ranges.map(range => layer(range.last_mm - 100)))));
    const high = Math.min(nz, Math.ceil(Math.max(...data.ranges.map(range => layer(range.first_mm + 100)))));
    return high - low > 4 ? [low, high] : all;
  })();
  // What is chosen, read once for every picture.
  let chosen = {};
  const read = () => {
    chosen = {
      what: $("what").value, logarithmic: $("scale").value === "log", opacity: $("opacity").value / 100,
      isodose: $("isodose").checked, whole: $("whole").checked,
    };
  };
  const extent = axis => axis < 2 ? [0, data.counts[axis]] : chosen.whole ? all : near;
  const length = axis => extent(axis)[1] - extent(axis)[0];

  const index = p => (p[2] * ny + p[1]) * nx + p[0];
  const level = at => low ? low[at] | high[at] << 8 : 0;
  const told = Float32Array.from({ length: data.dose_levels + 1 }, (_, found) =>
    found ? data.most_mgy * 10 ** (data.decades * (found - data.dose_levels) / (data.dose_levels - 1)) : 0);
  const dose = at => told[level(at)];
  const digits = (value, n) => value >= 1e-3 || value === 0 ? String(Number(value.toPrecision(n))) : value.toExponential(n - 1);

  // Share of the colour scale, 0 to 1; below 0 is not coloured.
  function share(at) {
    if (organs[at] === OUTSIDE) return -1;
    const what = chosen.what;
    if (what === "error") return errors[at] ? Math.min(errors[at] * data.error_step / 0.5, 1) : -1;
    if (what !== "dose" || !level(at)) return -1;
    const part = dose(at) / data.most_mgy;
    return chosen.logarithmic ? 1 + Math.log10(part) / LOG_DECADES : part;
  }

  function voxel(plane, column, row) {
    const p = [0, 0, 0];
    p[plane.right] = column;
    p[plane.vertical] = plane.up ? extent(plane.vertical)[1] - 1 - row : row;
    p[plane.through] = place[plane.through];
    return p;
  }

  // Edges between pixels where `inside` changes.
  function outline(context, columns, rows, sx, sy, inside) {
    context.beginPath();
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
      const here = inside(column, row);
      if (column + 1 < columns && here !== inside(column + 1, row)) {
        context.moveTo((column + 1) * sx, row * sy);
        context.lineTo((column + 1) * sx, (row + 1) * sy);
      }
      if (row + 1 < rows && here !== inside(column, row + 1)) {
        context.moveTo(column * sx, (row + 1) * sy);
        context.lineTo((column + 1) * sx, (row + 1) * sy);
      }
    }
    context.stroke();
  }

  // Lines of equal values (ascending) through the centres of pixels: marching squares, all levels in one pass, a path for
  // each. Where there is no value, there is no line.
  function contours(columns, rows, sx, sy, values, levels) {
    const paths = levels.map(() => new Path2D()), cell = new Float32Array(4), ends = new Float32Array(8);
    const least = levels[0];
    for (let row = 0; row + 1 < rows; row++) for (let column = 0; column + 1 < columns; column++) {
      const first = row * columns + column;
      // Around the cell: corners that are neighbours stand side by side.
      cell[0] = values[first];
      cell[1] = values[first + 1];
      cell[2] = values[first + columns + 1];
      cell[3] = values[first + columns];
      const most = Math.max(cell[0], cell[1], cell[2], cell[3]);
      // Not a number compares false: no line there either.
      if (!(most >= least)) continue;
      const lowest = Math.min(cell[0], cell[1], cell[2], cell[3]);
      for (let k = 0; k < levels.length && most >= levels[k]; k++) {
        if (lowest < levels[k]) trace(paths[k], cell, levels[k], ends, column + 0.5, row + 0.5, sx, sy);
      }
    }
    return paths;
  }

  const CORNER_X = [0, 1, 1, 0], CORNER_Y = [0, 0, 1, 1];
  function trace(path, cell, wanted, ends, x, y, sx, sy) {
    let count = 0;
    for (let i = 0; i < 4; i++) {
      const j = (i + 1) & 3, here = cell[i], there = cell[j];
      if (here >= wanted === there >= wanted) continue;
      const part = (wanted - here) / (there - here);
      ends[count++] = (x + CORNER_X[i] + part * (CORNER_X[j] - CORNER_X[i])) * sx;
      ends[count++] = (y + CORNER_Y[i] + part * (CORNER_Y[j] - CORNER_Y[i])) * sy;
    }
    for (let i = 0; i + 3 < count; i += 4) {
      path.moveTo(ends[i], ends[i + 1]);
      path.lineTo(ends[i + 2], ends[i + 3]);
    }
  }

  const STRIDES = [1, nx, nx * ny];
  const layers = {};
  // A plane is painted anew only where something of it has changed; lines of the other planes come on top.
  function draw(name) {
    const canvas = $(name), context = canvas.getContext("2d");
    const layer = layers[name] = layers[name] || document.createElement("canvas");
    const key = JSON.stringify([place[PLANES[name].through], chosen, marked, canvas.width, canvas.height]);
    if (layer.dataset.key !== key) {
      if (layer.width !== canvas.width || layer.height !== canvas.height) {
        layer.width = canvas.width;
        layer.height = canvas.height;
      }
      layer.dataset.key = key;
      canvas.dataset.coloured = paint(name, layer);
    }
    context.drawImage(layer, 0, 0);
    decorate(name, context, canvas, length(PLANES[name].right), length(PLANES[name].vertical));
  }

  // Anatomy, colours, isodose lines and outline of a plane; how many voxels have a colour.
  function paint(name, canvas) {
    const plane = PLANES[name], context = canvas.getContext("2d");
    const columns = length(plane.right), rows = length(plane.vertical);
    const small = document.createElement("canvas");
    small.width = columns;
    small.height = rows;
    const image = new ImageData(columns, rows), pixels = image.data, colour = table[chosen.what === "error" ? "error" : "dose"];
    const ats = new Int32Array(columns * rows);
    let coloured = 0;
    for (let row = 0; row < rows; row++) {
      const first = index(voxel(plane, 0, row));
      for (let column = 0; column < columns; column++) {
        const pixel = row * columns + column, at = ats[pixel] = first + column * STRIDES[plane.right];
        const body = organs[at] !== OUTSIDE, part = share(at);
        const grey = body ? Math.max(25, Math.min(255, density[at] * data.density_step_g_cm3 / 1.8 * 255)) : 0;
        const fade = part < 0 ? 0 : chosen.opacity * Math.min(1, 20 * part);
        const shade = colour[Math.max(0, Math.min(255, Math.round(part * 255)))];
        for (let k = 0; k < 3; k++) pixels[4 * pixel + k] = fade * shade[k] + (1 - fade) * grey;
        pixels[4 * pixel + 3] = 255;
        if (fade > 0) coloured++;
      }
    }
    small.getContext("2d").putImageData(image, 0, 0);
    const sx = canvas.width / columns, sy = canvas.height / rows;
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    const width = Math.max(1, canvas.width / 400);
    context.lineWidth = width;
    context.setLineDash([]);
    if (chosen.isodose && low) {
      context.strokeStyle = "#fff";
      const doses = new Float32Array(ats.length);
      for (let pixel = 0; pixel < ats.length; pixel++) {
        doses[pixel] = organs[ats[pixel]] === OUTSIDE ? NaN : dose(ats[pixel]);
      }
      const paths = contours(columns, rows, sx, sy, doses, ISODOSE.map(part => part * data.most_mgy));
      paths.forEach((path, k) => {
        context.lineWidth = width * (0.6 + 1.2 * ISODOSE[k]);
        context.stroke(path);
      });
    }
    if (marked >= 0) {
      context.strokeStyle = "#3fe0ff";
      context.lineWidth = 1.5 * width;
      outline(context, columns, rows, sx, sy, (column, row) => organs[ats[row * columns + column]] === marked);
    }
    return coloured;
  }

  // Nominal ranges, the places of the other planes, letters.
  function decorate(name, context, canvas, columns, rows) {
    const plane = PLANES[name], unit = Math.max(1, canvas.width / 400);
    const line = (x0, y0, x1, y1) => {
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    };
    const [first, end] = extent(plane.vertical);
    const y = index => canvas.height * (plane.up ? end - index : index - first) / rows;
    const x = index => canvas.width * index / columns;
    context.lineWidth = unit;
    if (plane.vertical === 2) {
      context.setLineDash([6 * unit, 4 * unit]);
      context.strokeStyle = "#fff";
      for (const range of data.ranges) for (const mm of [range.top_mm, range.bottom_mm]) {
        const at = y((mm - data.first_mm[2]) / data.spacing_mm[2] + 0.5);
        line(0, at, canvas.width, at);
      }
    }
    context.setLineDash([]);
    context.fillStyle = "#fff";
    const bar = SCALE_BAR_MM / data.spacing_mm[plane.right] * canvas.width / columns;
    context.fillRect(8 * unit, canvas.height - 8 * unit, bar, 2.5 * unit);
    context.strokeStyle = "rgba(255,255,255,.45)";
    const across = y(place[plane.vertical] + 0.5), down = x(place[plane.right] + 0.5);
    line(0, across, canvas.width, across);
    line(down, 0, down, canvas.height);
    context.fillStyle = "#fff";
    context.font = `${13 * canvas.height / canvas.clientHeight || 13}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    const [left, right, top, bottom] = plane.letters, edge = 4 * unit;
    context.textAlign = "left";
    context.fillText(left, edge, canvas.height / 2);
    context.textAlign = "right";
    context.fillText(right, canvas.width - edge, canvas.height / 2);
    context.textAlign = "center";
    context.fillText(top, canvas.width / 2, 12 * canvas.height / canvas.clientHeight || 12);
    context.fillText(bottom, canvas.width / 2, canvas.height - (12 * canvas.height / canvas.clientHeight || 12));
  }

  function drawAll() {
    read();
    for (const name in PLANES) {
      const through = PLANES[name].through;
      $("slice-" + name).value = place[through];
      $("at-" + name).textContent = "· " + "xyz"[through] + " = " + Math.round(data.first_mm[through] + place[through] * data.spacing_mm[through]) + " mm";
      draw(name);
    }
    const { what, logarithmic } = chosen;
    $("scale-low").textContent = what === "error" ? "0 %" : (logarithmic ? digits(data.most_mgy / 10 ** LOG_DECADES, 2) : "0") + " mGy";
    $("scale-high").textContent = what === "error" ? "50 %" : digits(data.most_mgy, 3) + " mGy";
    const stops = table[what === "error" ? "error" : "dose"].filter((_, i) => i % 15 === 0);
    $("scale-bar").style.background = "linear-gradient(to right, " + stops.map(c => `rgb(${c})`).join(", ") + ")";
    document.querySelector(".scale").hidden = what === "anatomy";
    $("isodose-key").hidden = !chosen.isodose || !data.has_dose;
    const lines = ISODOSE.map(part => `${digits(part * data.most_mgy, 2)} (${100 * part} %)`).join(", ");
    $("isodose-key").textContent = `Isodose lines, thicker for more: ${lines} mGy.`;
  }

  let pending = false;
  function soon() {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; drawAll(); });
  }

  function tell(p) {
    const at = index(p), organ = organs[at];
    $("organ-here").textContent = organ === OUTSIDE ? "outside the body" : data.organs[organ] || "unnamed";
    const found = level(at);
    const value = found > 1 ? digits(dose(at), 3) + " mGy" : "dose too small to tell";
    const error = errors && errors[at] ? ` ± ${digits(Math.round(1000 * errors[at] * data.error_step) / 10, 3)} %${errors[at] === 255 ? " or more" : ""}` : "";
    $("dose-here").textContent = organ === OUTSIDE || !low ? "" : value + error;
    $("place-here").textContent = p.map((n, axis) => "xyz"[axis] + " " + Math.round(data.first_mm[axis] + n * data.spacing_mm[axis])).join(", ") + " mm";
    const chosen = Number($("organ").value), next = chosen >= 0 ? chosen : organ === OUTSIDE ? -1 : organ;
    if (next !== marked) {
      marked = next;
      soon();
    }
  }

  function listen(name) {
    const plane = PLANES[name], canvas = $(name), slider = $("slice-" + name);
    const clamp = (value, axis) => Math.min(Math.max(value, 0), data.counts[axis] - 1);
    const under = event => {
      const box = canvas.getBoundingClientRect();
      const column = clamp(Math.floor((event.clientX - box.left) / box.width * length(plane.right)), plane.right);
      const row = Math.min(Math.max(Math.floor((event.clientY - box.top) / box.height * length(plane.vertical)), 0), length(plane.vertical) - 1);
      return voxel(plane, column, row);
    };
    const move = p => {
      place[plane.right] = p[plane.right];
      place[plane.vertical] = p[plane.vertical];
      soon();
    };
    const step = by => {
      place[plane.through] = clamp(place[plane.through] + by, plane.through);
      tell(place);
      soon();
    };
    canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); move(under(event)); });
    canvas.addEventListener("pointermove", event => {
      const p = under(event);
      if (event.buttons & 1) move(p);
      tell(p);
    });
    canvas.addEventListener("wheel", event => { event.preventDefault(); step(event.deltaY > 0 ? -1 : 1); }, { passive: false });
    canvas.addEventListener("keydown", event => {
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (by) { event.preventDefault(); step(by); }
    });
    slider.max = data.counts[plane.through] - 1;
    slider.addEventListener("input", () => { place[plane.through] = Number(slider.value); tell(place); soon(); });
  }

  // Coronal and sagittal slices on one scale.
  function fit() {
    const [x, y] = [0, 1].map(axis => data.counts[axis] * data.spacing_mm[axis]);
    document.querySelector("#viewer .planes").style.setProperty("--columns", `${x}fr ${y}fr ${1.3 * x}fr`);
    for (const name in PLANES) {
      const { right, vertical } = PLANES[name], canvas = $(name);
      // As many pixels as the screen has for a picture of 36 rem.
      const screen = 600 * Math.min(2, window.devicePixelRatio || 1);
      const pixels = Math.max(1, Math.round(screen / Math.max(length(right), length(vertical))));
      const across = length(right) * data.spacing_mm[right], down = length(vertical) * data.spacing_mm[vertical];
      canvas.width = length(right) * pixels;
      canvas.height = Math.round(canvas.width * down / across);
      canvas.style.width = `min(100%, ${36 * across / down}rem)`;
    }
  }

  function start() {
    read();
    fit();
    Object.keys(PLANES).forEach(listen);
    const present = new Set(organs);
    data.organs.forEach((name, organ) => { if (present.has(organ)) $("organ").add(new Option(name, organ)); });
    if (!data.has_dose) {
      $("what").value = "anatomy";
      for (const id of ["what", "scale", "opacity", "isodose"]) $(id).disabled = true;
    }
    for (const id of ["what", "scale", "opacity", "isodose", "organ"]) $(id).addEventListener("input", () => { tell(place); soon(); });
    $("whole").addEventListener("input", () => { read(); fit(); soon(); });
    $("viewer").hidden = false;
    $("pictures").hidden = true;
    tell(place);
    marked = -1;
    drawAll();
    $("viewer").dataset.drawn = "yes";
  }

  async function unpack() {
    const packed = Uint8Array.from(atob(data.data), sign => sign.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const part = n => bytes.subarray(n * count, (n + 1) * count);
    [density, organs] = [part(0), part(1)];
    if (data.has_dose) [low, high, errors] = [part(2), part(3), part(4)];
    start();
  }
  unpack().catch(error => { document.documentElement.dataset.error = String(error); });
})();
