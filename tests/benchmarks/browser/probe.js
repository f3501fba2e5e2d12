// Says what the picture shows and when: `probe.seen` has a line [time, value] for every change.
//
// Whenever something in the page may have changed a picture (its elements, an image that has
// loaded, strokes on a canvas), the probe asks for an animation frame and reads the picture in the
// first task after that frame. In between no frame is asked for, so an idle page stays idle.
//
// The value is the length of the bar that shows the learning rate: from the pixels of an image or
// canvas, from the coordinates of a path of an SVG. Where a picture has no bar (`bar: false`), it
// is a number made of its pixels.
(() => {
  const probe = { seen: [], events: [], bytes: 0, clock: () => performance.now() };
  window.probe = probe;

  let target = null; // { kind, selector, bar }
  let row = null; // of the picture's pixels, through the middle of the bar
  let last = null;
  let image = null; // the one that was read last, and the value that it had
  const scratch = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  function pixels(source, top, width, height) {
    if (scratch.canvas.width < width) scratch.canvas.width = width;
    if (scratch.canvas.height < height) scratch.canvas.height = height;
    scratch.clearRect(0, 0, width, height);
    scratch.drawImage(source, 0, top, width, height, 0, 0, width, height);
    return scratch.getImageData(0, 0, width, height).data;
  }
  const isBar = (data, k) => // vermillion
    data[k + 3] > 200 && data[k] > 180 && data[k + 1] > 60 && data[k + 1] < 140 && data[k + 2] < 60;
  function lengths(data, width) {
    const rows = [];
    for (let k = 0; k < data.length; k += 4) {
      if (isBar(data, k)) rows[Math.floor(k / 4 / width)] = (rows[Math.floor(k / 4 / width)] ?? 0) + 1;
    }
    return rows;
  }
  function barLength(source, width, height) {
    if (row !== null) {
      const found = lengths(pixels(source, row, width, 1), width)[0];
      if (found) return found;
    }
    const rows = lengths(pixels(source, 0, width, height), width);
    const found = Object.keys(rows).map(Number);
    row = found.length ? found[found.length >> 1] : null;
    return row === null ? null : rows[row];
  }
  function fingerprint(source, width, height) {
    const data = new Uint32Array(pixels(source, 0, width, height).buffer);
    let hash = 0;
    let any = 0;
    for (let k = 0; k < data.length; k++) {
      hash = (Math.imul(hash, 31) + data[k]) | 0;
      any |= data[k];
    }
    return any ? hash : null;
  }
  function pathLength(path) {
    const numbers = path.getAttribute("d")?.match(/-?[\d.]+(e-?\d+)?/g)?.map(Number);
    return numbers?.length >= 4 ? numbers.at(-2) - numbers[0] : null;
  }
  function read() {
    const all = document.querySelectorAll(target.selector);
    const element = all[all.length - 1];
    if (!element) return null;
    if (target.kind === "path") return pathLength(element);
    const isImage = element.tagName === "IMG";
    if (isImage && !element.complete) return null;
    if (isImage && image?.src === element.src) return image.value;
    const width = isImage ? element.naturalWidth : element.width;
    const height = isImage ? element.naturalHeight : element.height;
    if (!width || !height) return null;
    const value = (target.bar ? barLength : fingerprint)(element, width, height);
    if (isImage) image = { src: element.src, value };
    return value;
  }

  const channel = new MessageChannel();
  let asked = false;
  channel.port1.onmessage = () => {
    const now = performance.now();
    asked = false;
    if (!target) return;
    const value = read();
    if (value === last || value === null) return;
    last = value;
    probe.seen.push([now, value]);
    for (const waiting of [...waitings]) waiting();
  };
  function ask() {
    if (asked || !target) return;
    asked = true;
    requestAnimationFrame(() => channel.port2.postMessage(null));
  }

  let waitings = [];
  /** The first line [time, value] after the first `count` lines that passes the test, or null. */
  probe.next = (count, test, timeout) =>
    new Promise((resolve) => {
      const done = (line) => {
        waitings = waitings.filter((each) => each !== look);
        clearTimeout(timer);
        resolve(line);
      };
      const look = () => {
        const line = probe.seen.slice(count).find(test);
        if (line) done(line);
      };
      const timer = setTimeout(() => done(null), timeout);
      waitings.push(look);
      look();
    });
  probe.changed = (count, timeout = 5000) => probe.next(count, () => true, timeout);
  probe.watch = (what) => {
    target = what;
    row = last = image = null;
    probe.seen = [];
    ask();
  };

  for (const type of ["keydown", "change", "pointerdown", "pointerup"]) {
    addEventListener(type, (event) => probe.events.push([event.timeStamp, type]), true);
  }
  addEventListener("load", ask, true);
  new MutationObserver(ask).observe(document, { subtree: true, childList: true, attributes: true });
  for (const name of ["clearRect", "drawImage", "stroke"]) {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...given) {
      ask();
      return original.apply(this, given);
    };
  }

  // All that passes between page and kernel.
  const size = (data) => data.byteLength ?? data.size ?? new TextEncoder().encode(data).length;
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => (probe.bytes += size(event.data)));
    }
    send(data) {
      probe.bytes += size(data);
      super.send(data);
    }
  };
})();
