// Draws what moves over a figure that matplotlib has painted.
//
// The kernel sends the painting (a PNG) and the scene: every position of every mark, in figure
// pixels, with one axis per named dimension. A slider per dimension says where we are. Nothing
// here ever asks the kernel, and nothing that follows a slider is saved in this model.

const RIM = (1.2 * 100) / 72; // the rim of markers and lines, as in still.py
const FAR = 1e4; // pixels; canvases lose precision beyond, so longer lines are cut to this box
const STEP = 0.02; // of the axes' side: how far an arrow key moves the crosshair, as in figure.py
const SENDING = 100; // milliseconds, at least, between two messages to the kernel about one slider
const REST = 800; // milliseconds without a change, after which the picture's new label is spoken
const PAD =
  "choose a place in the picture: arrow keys move a crosshair, Enter takes it, Escape leaves it";
const FONT = '"DejaVu Sans", Verdana, sans-serif';
const MISSING = -(2 ** 31); // packed NaN
const FIRST_EXPONENT = -324; // the exponent of the least packed decimals
const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

/** The scene with its buffers as typed arrays. */
async function unpack(scene) {
  const unpacked = scene.buffers.map(() => null);
  const array = async (numbers) => {
    const view = scene.buffers[numbers.buffer];
    const data = (unpacked[numbers.buffer] ??= numbers.packing
      ? inflate(view, numbers)
      : new ARRAYS[numbers.dtype](view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)));
    return { ...numbers, data: await data };
  };
  const part = async (p) => (p.numbers ? { ...p, numbers: await array(p.numbers) } : p);
  const parts = (all) => Promise.all(all.map(part));
  const mark = async (m) => {
    if (m.kind === "text") return { ...m, parts: await parts(m.parts) };
    const entries = Object.entries(m).map(async ([name, v]) => [name, v?.dtype ? await array(v) : v]);
    return Object.fromEntries(await Promise.all(entries));
  };
  return {
    ...scene,
    description: await parts(scene.description),
    marks: await Promise.all(scene.marks.map(mark)),
  };
}

/** Numbers that packing.py made small. Those in texts stay whole numbers: see `shown`. */
async function inflate(view, { dtype, packing: { stride, scale } }) {
  const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  if (!stride) return new ARRAYS[dtype](buffer);
  const planes = new Uint8Array(buffer);
  const n = planes.length / 4;
  const whole = new Int32Array(n);
  for (let k = 0; k < n; k++) {
    const from = (k % stride) * (n / stride) + Math.floor(k / stride);
    for (let byte = 0; byte < 4; byte++) whole[k] |= planes[byte * n + from] << (8 * byte);
    if (k >= stride) whole[k] += whole[k - stride];
  }
  if (dtype === "float64") return whole;
  return ARRAYS[dtype].from(whole, (code) => (code === MISSING ? NaN : code / scale));
}

/** The number that a whole number of a text stands for. */
function shown(code, packing) {
  if (!packing?.stride) return code;
  if (code === MISSING) return NaN;
  if (packing.scale) return code / packing.scale;
  if (code === 0) return 0;
  const first = 10 ** (packing.digits - 1);
  const place = Math.abs(code) - 1;
  const exponent = Math.floor(place / (9 * first)) + FIRST_EXPONENT - packing.digits + 1;
  return Math.sign(code) * Number(`${first + (place % (9 * first))}e${exponent}`);
}

/** What remains of an array once every dimension has its place. */
function at({ data, shape, over }, position) {
  let start = 0;
  let stride = data.length;
  over.forEach((name, axis) => {
    stride /= shape[axis];
    start += stride * Math.min(position[name], shape[axis] - 1);
  });
  return data.subarray(start, start + stride);
}

/** A number as Python's format() writes it with .Ng, .Nf or .Ne. */
function format(value, specification) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (specification === "") return String(value);
  const digits = Number(specification.slice(1, -1));
  const twoDigits = (text) => text.replace(/e([+-])(\d)$/, "e$10$2");
  if (specification.endsWith("f")) return value.toFixed(digits);
  if (specification.endsWith("e")) return twoDigits(value.toExponential(digits));
  const precision = Math.max(digits, 1);
  const scientific = value.toExponential(precision - 1);
  const exponent = Number(scientific.split("e")[1]);
  const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < precision) return trim(value.toFixed(precision - 1 - exponent));
  const [mantissa, power] = scientific.split("e");
  return twoDigits(`${trim(mantissa)}e${power}`);
}

function text(parts, position) {
  return parts
    .map((part) => {
      if (!part.numbers) return part.text;
      const value = shown(at(part.numbers, position)[0], part.numbers.packing);
      return part.words ? part.words[value] : format(value, part.format);
    })
    .join("");
}

/** The piece of a segment inside the box of +-FAR pixels, or null (Liang and Barsky, 1984). */
function cut(x0, y0, x1, y1) {
  let enter = 0;
  let leave = 1;
  for (const [from, step] of [[x0, x1 - x0], [y0, y1 - y0]]) {
    if (step === 0) {
      if (Math.abs(from) > FAR) return null;
      continue;
    }
    const [near, far] = [(-FAR - from) / step, (FAR - from) / step].sort((a, b) => a - b);
    enter = Math.max(enter, near);
    leave = Math.min(leave, far);
  }
  if (enter > leave) return null;
  const along = (t) => [x0 + t * (x1 - x0), y0 + t * (y1 - y0)];
  return [...along(enter), ...along(leave)];
}

function tracePath(context, x, y, count) {
  context.beginPath();
  let connected = false;
  if (count === 1) {
    context.moveTo(x[0], y[0]);
  }
  for (let k = 1; k < count; k++) {
    if (Number.isNaN(x[k] + y[k] + x[k - 1] + y[k - 1])) {
      connected = false;
      continue;
    }
    const far = Math.max(Math.abs(x[k]), Math.abs(y[k]), Math.abs(x[k - 1]), Math.abs(y[k - 1])) > FAR;
    const piece = far ? cut(x[k - 1], y[k - 1], x[k], y[k]) : [x[k - 1], y[k - 1], x[k], y[k]];
    if (!piece) {
      connected = false;
      continue;
    }
    if (!connected || far) context.moveTo(piece[0], piece[1]);
    context.lineTo(piece[2], piece[3]);
    connected = !far;
  }
}

/** A closed path through the corners that are there; the kernel has cut off what is far away. */
function traceArea(context, x, y) {
  context.beginPath();
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k] + y[k])) context.lineTo(x[k], y[k]);
  }
  context.closePath();
}

function drawArea(context, mark, position) {
  const { x, y } = coordinates(mark, position);
  traceArea(context, x, y);
  context.fillStyle = mark.colors[0];
  context.fill();
  if (mark.width > 0) {
    context.lineJoin = "round";
    context.strokeStyle = mark.outline;
    context.lineWidth = mark.width;
    context.stroke();
  }
}

/** Cells as an image, one pixel each; kept until others are shown. */
function imageOf(mark, position) {
  const codes = at(mark.codes, position);
  if (mark.shown?.offset === codes.byteOffset) return mark.shown.image;
  const [rows, columns] = mark.codes.shape.slice(-2);
  const image = new OffscreenCanvas(columns, rows);
  const cells = new ImageData(columns, rows);
  const bytes = mark.colors.flatMap((color) =>
    [1, 3, 5, 7].map((digit) => parseInt(color.slice(digit, digit + 2), 16)),
  );
  const colors = new Uint32Array(Uint8Array.from(bytes).buffer); // a colour at a time
  const pixels = new Uint32Array(cells.data.buffer);
  for (let k = 0; k < codes.length; k++) pixels[k] = colors[codes[k]];
  image.getContext("2d").putImageData(cells, 0, 0);
  mark.shown = { offset: codes.byteOffset, image };
  return image;
}

function drawRaster(context, mark, position) {
  const image = imageOf(mark, position);
  const [x0, y0, x1, y1] = mark.corners;
  context.transform((x1 - x0) / image.width, 0, 0, (y1 - y0) / image.height, x0, y0);
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0);
}

/** x and y at a position; what does not vary along the points is repeated. */
function coordinates(mark, position) {
  let x = at(mark.x, position);
  let y = at(mark.y, position);
  const length = Math.max(x.length, y.length, mark.codes ? at(mark.codes, position).length : 0);
  if (x.length < length) x = new Float32Array(length).fill(x[0]);
  if (y.length < length) y = new Float32Array(length).fill(y[0]);
  return { x, y, count: mark.grows ? Math.min(length, position[mark.grows] + 1) : length };
}

function drawDot(context, x, y, radius, color, rim) {
  const disc = (size, style) => {
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.fillStyle = style;
    context.fill();
  };
  if (!rim) {
    disc(radius, color);
  } else if (color.endsWith("ff") && rim.endsWith("ff")) {
    disc(radius + RIM / 2, rim); // a disc on a disc takes half the time of a stroke
    disc(Math.max(0, radius - RIM / 2), color);
  } else {
    disc(radius, color);
    context.strokeStyle = rim;
    context.lineWidth = RIM;
    context.stroke();
  }
}

function drawLine(context, mark, position) {
  const { x, y, count } = coordinates(mark, position);
  if (mark.width > 0) {
    context.lineJoin = context.lineCap = "round";
    tracePath(context, x, y, count);
    if (mark.outline) {
      context.strokeStyle = mark.outline;
      context.lineWidth = mark.width + 2 * RIM;
      context.stroke();
    }
    context.strokeStyle = mark.colors[0];
    context.lineWidth = mark.width;
    context.stroke();
  }
  if (mark.dots > 0) {
    const codes = mark.codes && at(mark.codes, position);
    mark.colors.forEach((color, code) => {
      const rim = mark.kind === "points" ? (mark.outline ?? color) : null;
      for (let k = 0; k < count; k++) {
        if (codes && codes[codes.length > 1 ? k : 0] !== code) continue;
        if (Math.abs(x[k]) < FAR && Math.abs(y[k]) < FAR) drawDot(context, x[k], y[k], mark.dots / 2, color, rim);
      }
    });
  }
}

const SHAPES = { line: drawLine, points: drawLine, area: drawArea, raster: drawRaster };

function drawMark(context, mark, position) {
  context.save();
  context.beginPath();
  context.rect(...mark.clip);
  context.clip();
  SHAPES[mark.kind](context, mark, position);
  context.restore();
}

function drawText(context, mark, position) {
  context.font = `${mark.bold ? "bold " : ""}${mark.size}px ${FONT}`;
  context.textAlign = mark.align;
  context.fillStyle = mark.color;
  context.fillText(text(mark.parts, position), mark.x, mark.y);
}

function drawCrosshair(context, { x, y }) {
  context.beginPath();
  context.moveTo(x - 12, y);
  context.lineTo(x + 12, y);
  context.moveTo(x, y - 12);
  context.lineTo(x, y + 12);
  for (const [color, width] of [["white", 4], ["black", 1.5]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
}

/** Where a box of the figure is in the page. */
function inside([left, top, width, height], [figureWidth, figureHeight]) {
  return `position: absolute; left: ${(100 * left) / figureWidth}%;
    top: ${(100 * top) / figureHeight}%; width: ${(100 * width) / figureWidth}%;
    height: ${(100 * height) / figureHeight}%`;
}

/** What an axis says at a fraction of its length. */
function valueAt({ label, values }, part) {
  return `${label} ${format(values[Math.round(part / STEP)], ".3g")}`;
}

/** The index of a dimension at which its control stands: the nearest value, or its own index. */
function indexOf(control, values) {
  const index = control.get("index");
  if (Number.isInteger(index)) return Math.min(index, values.length - 1);
  const value = control.get("value");
  let nearest = 0;
  for (let k = 1; k < values.length; k++) {
    if (Math.abs(values[k] - value) < Math.abs(values[nearest] - value)) nearest = k;
  }
  return nearest;
}

/**
 * Tell the kernel less often where a control is dragged: every message takes time, here too.
 *
 * ipywidgets sends the next one when the kernel is done with the last. It gets to know a little
 * later, and has what it then does about late echoes done right.
 */
function sendSeldom(control) {
  const done = control._handle_status;
  if (!done || control.gdvizSendsSeldom) return;
  control.gdvizSendsSeldom = true;
  control._handle_status = (message) => setTimeout(() => done.call(control, message), SENDING);
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Tell screen readers of the controls around a canvas what ipywidgets shows to the eye only. */
function nameControls(figure) {
  const name = (control) => {
    let row = control;
    while (row.parentElement !== figure) row = row.parentElement;
    const labels = [row, control].map((part) => part.querySelector(".widget-label")?.textContent);
    return [...new Set(labels)].filter(Boolean).join(" ");
  };
  for (const slider of figure.querySelectorAll(".widget-slider")) {
    const handle = slider.querySelector(".noUi-handle");
    const readout = slider.querySelector(".widget-readout");
    if (!handle || !readout) continue;
    const enabled = !slider.querySelector(".slider[disabled]");
    setAttribute(handle, "aria-label", name(slider));
    setAttribute(handle, "aria-valuetext", readout.textContent);
    setAttribute(handle, "aria-disabled", String(!enabled));
    setAttribute(handle, "tabindex", enabled ? "0" : "-1");
    // Numbers may be typed into some readouts; the others say what the handle has said.
    const typed = enabled && !slider.classList.contains("gdviz-choices");
    setAttribute(readout, "role", "textbox");
    setAttribute(readout, "aria-label", name(slider));
    setAttribute(readout, "aria-hidden", String(!typed));
    setAttribute(readout, "tabindex", typed ? "0" : "-1");
  }
  for (const list of figure.querySelectorAll(".widget-dropdown > select")) {
    setAttribute(list, "aria-label", name(list.parentElement));
  }
  for (const buttons of figure.querySelectorAll(".widget-toggle-buttons, .gdviz-buttons")) {
    setAttribute(buttons, "role", "group");
    setAttribute(buttons, "aria-label", name(buttons));
  }
  for (const button of figure.querySelectorAll(".widget-toggle-button")) {
    setAttribute(button, "aria-pressed", String(button.classList.contains("mod-active")));
  }
}

/** JupyterLab has plans of its own for the keys that choose from a list: it goes to other cells. */
function keepKeys(event) {
  const withOthers = event.ctrlKey || event.altKey || event.metaKey;
  if (event.target.matches("select") && !withOthers) event.stopPropagation();
}

/** Calls back when an element's size changes, until the function that it returns is called. */
function onResize(element, callback) {
  const observer = new ResizeObserver(() => callback?.());
  observer.observe(element);
  return () => {
    observer.disconnect();
    callback = null; // JupyterLab keeps every observer for good; let it keep no picture with it
  };
}

async function decode(png) {
  const image = new Image();
  image.alt = ""; // the figure's label says it all
  image.draggable = false;
  image.png = png;
  const url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
  image.src = url;
  await image.decode().catch(() => {});
  URL.revokeObjectURL(url);
  return image;
}

/**
 * Hear the kernel though this module came late. anywidget gives it two seconds to load; where the
 * page was busier than that, as with ten figures on a slow machine, it lets nothing through to the
 * model any more, for good.
 */
async function hearThoughLate(model) {
  const own = await model.widget_manager.get_model(model.get("own_id"));
  try {
    await own._handle_comm_msg({ content: { data: { method: "nothing" } } });
  } catch {
    const withoutWaiting = Object.getPrototypeOf(Object.getPrototypeOf(own))._handle_comm_msg;
    own.comm?.on_msg(withoutWaiting.bind(own));
    own.comm?.send({ method: "request_state" }, own.callbacks()); // what was said meanwhile
  }
}

function initialize({ model }) {
  hearThoughLate(model);
  // JupyterLab keeps models that are closed; let it keep none of their data.
  return () => {
    // The last one is small: a model remembers what it was before its last change.
    for (const name of ["painting", "patches", "scene", "controls"]) {
      model.set(name, null, { silent: true });
    }
  };
}

async function render({ model, el }) {
  const element = (name, attributes) => {
    const made = document.createElement("div");
    made.className = name;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const frame = element("gdviz-frame", {});
  const root = element("gdviz-live", { role: "img" });
  const pad = element("gdviz-pad", { role: "application", tabindex: "0", "aria-label": PAD });
  const spoken = element("gdviz-spoken", { role: "status" });
  let images = []; // the painting, then its patches
  const canvas = document.createElement("canvas");
  root.append(canvas);
  frame.append(root, pad, spoken);
  el.append(frame);

  const names = Object.keys(model.get("controls"));
  const controls = await Promise.all(
    names.map((name) =>
      model.widget_manager.get_model(model.get("controls")[name].replace("IPY_MODEL_", "")),
    ),
  );
  controls.forEach(sendSeldom);
  let scene = null;
  let request = 0;
  let crosshair = null;
  let rest = 0;
  let figure = null;
  const restyled = new MutationObserver(() => nameControls(figure));

  const position = () =>
    Object.fromEntries(names.map((name, k) => [name, indexOf(controls[k], scene.dimensions[name])]));

  /** Label the picture. What it says is also spoken, but only once it has come to rest. */
  function describe(words) {
    const before = root.getAttribute("aria-label");
    if (words === before) return;
    root.setAttribute("aria-label", words);
    if (before !== null) say(words, REST);
  }
  function say(words, delay) {
    clearTimeout(rest);
    rest = setTimeout(() => (spoken.textContent = words), delay);
  }
  function watchControls() {
    figure = root.closest(".gdviz");
    nameControls(figure);
    figure.addEventListener("keydown", keepKeys);
    restyled.observe(figure, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ["aria-valuetext", "class", "disabled"],
    });
  }
  function draw() {
    request = 0;
    if (!scene) return;
    const here = position();
    if (names.some((name) => (scene.only[name] ?? here[name]) !== here[name])) return; // not known
    describe(text(scene.description, here));
    const [width] = scene.size;
    const shown = root.getBoundingClientRect();
    const pixelWidth = Math.round(shown.width * devicePixelRatio);
    const pixelHeight = Math.round(shown.height * devicePixelRatio);
    if (!pixelWidth) return; // hidden for a moment: what was drawn may be seen again
    if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
      canvas.width = pixelWidth;
      canvas.height = pixelHeight;
    }
    const context = canvas.getContext("2d");
    const scale = pixelWidth / width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, pixelWidth, pixelHeight);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    for (const mark of scene.marks) (mark.kind === "text" ? drawText : drawMark)(context, mark, here);
    if (crosshair) drawCrosshair(context, crosshair);
    if (!figure) watchControls();
  }
  const schedule = () => {
    request ||= requestAnimationFrame(draw);
  };

  // A new painting takes time to decode. It and its scene appear together, and only if nothing
  // newer has come meanwhile.
  let newest = 0;
  async function load() {
    const mine = ++newest;
    if (!model.get("scene")) return; // closed meanwhile
    const next = await unpack(model.get("scene"));
    if (mine !== newest) return;
    if (scene && next.revision < scene.revision) return;
    const patches = model.get("patches") ?? [];
    const sources = [model.get("painting"), ...patches.map((patch) => patch.png)];
    const decoded = await Promise.all(
      sources.map((png) => images.find((image) => image.png === png) ?? decode(png)),
    );
    if (mine !== newest) return;
    // New images, not new sources for the old ones, which would leave them blank for a while.
    if (decoded.some((image, k) => image !== images[k]) || decoded.length < images.length) {
      for (const image of images) image.remove();
      root.prepend(...decoded);
      images = decoded;
    }
    for (const [k, { box }] of patches.entries()) {
      const [left, top, right, bottom] = box;
      images[k + 1].style.cssText = inside([left, top, right - left, bottom - top], next.size);
    }
    scene = next;
    frame.style.aspectRatio = `${scene.size[0]} / ${scene.size[1]}`;
    root.style.cursor = "";
    pad.hidden = !scene.clickable.length;
    if (!pad.hidden) pad.style.cssText = inside(scene.clickable[0].box, scene.size);
    schedule();
  }

  const boxAt = (x, y) =>
    scene?.clickable.findIndex(
      ({ box: [left, top, w, h] }) => x >= left && x <= left + w && y >= top && y <= top + h,
    );
  const toFigure = (event) => {
    const shown = root.getBoundingClientRect();
    const scale = scene.size[0] / shown.width;
    return [(event.clientX - shown.left) * scale, (event.clientY - shown.top) * scale];
  };
  const pick = (x, y) => {
    const axes = boxAt(x, y);
    if (axes < 0) return;
    try {
      model.send({ type: "click", axes, x, y });
    } catch {
      // The kernel is gone, as JupyterLab says: nobody can answer.
    }
  };
  root.addEventListener("pointerdown", (event) => {
    if (!scene || event.button !== 0) return;
    crosshair = null;
    pick(...toFigure(event));
  });
  root.addEventListener("pointermove", (event) => {
    if (scene) root.style.cursor = boxAt(...toFigure(event)) >= 0 ? "crosshair" : "";
  });
  pad.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const { box, x, y } = scene.clickable[0];
    const [left, top, width, height] = box;
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      crosshair ??= { x: left + width / 2, y: top + height / 2 };
      crosshair.x = Math.min(left + width, Math.max(left, crosshair.x + dx * STEP * width));
      crosshair.y = Math.min(top + height, Math.max(top, crosshair.y + dy * STEP * height));
      const across = valueAt(x, (crosshair.x - left) / width);
      say(`${across}, ${valueAt(y, 1 - (crosshair.y - top) / height)}`, 0);
    } else if (crosshair && (event.key === "Enter" || event.key === " ")) {
      pick(crosshair.x, crosshair.y);
    } else if (crosshair && event.key === "Escape") {
      crosshair = null;
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has plans of its own for these keys
    schedule();
  });
  pad.addEventListener("blur", () => {
    crosshair = null;
    schedule();
  });

  const stopResizing = onResize(root, schedule);
  // A zoomed page and a window on another screen may change nothing but the size of a pixel.
  let density = null;
  const watchDensity = () => {
    density?.removeEventListener("change", watchDensity);
    density = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    density.addEventListener("change", watchDensity);
    schedule();
  };
  watchDensity();
  model.on("change:scene", load);
  for (const control of controls) control.on("change:value change:index", schedule);
  await load();

  return () => {
    newest = Infinity;
    stopResizing();
    restyled.disconnect();
    clearTimeout(rest);
    density.removeEventListener("change", watchDensity);
    cancelAnimationFrame(request);
    model.off("change:scene", load);
    for (const control of controls) control.off("change:value change:index", schedule);
    frame.remove(); // JupyterLab may keep the element that it was in
  };
}

export default { initialize, render };
