"use strict";

// The columns that emu/html/columns.py packed: base64, zlib, bytes in planes, differences in zigzag.
async function unpack(data) {
  const packed = Uint8Array.from(atob(data.packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const columns = {};
  let at = 0;
  for (const [name, { count, bytes: planes, grows }] of Object.entries(data.columns)) {
    const column = new Float64Array(count);
    for (let plane = 0, worth = 1; plane < planes; plane++, worth *= 256, at += count) {
      for (let row = 0; row < count; row++) column[row] += bytes[at + row] * worth;
    }
    if (grows) {
      for (let row = 0, value = 0; row < count; row++) {
        value += column[row] % 2 ? -(column[row] + 1) / 2 : column[row] / 2;
        column[row] = value;
      }
    }
    columns[name] = column;
  }
  return columns;
}

// The last place whose value is not above `value`; -1 if there is none. `of` is in order from `first` to before `end`.
function lastNotAbove(of, value, first = 0, end = of.length) {
  let low = first, high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of[middle] <= value) low = middle + 1; else high = middle;
  }
  return low - 1 >= first ? low - 1 : -1;
}
