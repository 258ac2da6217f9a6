// Where the author is: in which file or notebook, and what is around the cursor.

// Characters of other cells that are sent, and of a text on either side of the cursor:
// as much as GitLab takes.
export const MOST_AROUND = 100_000;

// Returns null where no suggestion can be: in a console, say.
export function placeOf(widget, { text, offset }) {
  const path = widget.context?.localPath;
  const notebook = widget.content;
  if (path === undefined) return null;
  const here = near(text, offset);
  if (notebook?.widgets && notebook.activeCell) return inNotebook(path, notebook, here);
  const cells = [{ kind: 'code', source: here.source }];
  const editor = notebook?.editor ?? null;
  return { path, cells, index: 0, offset: here.offset, language: null, editor };
}

function inNotebook(path, notebook, here) {
  const all = notebook.widgets.map(({ model }) => ({
    kind: model.type,
    source: model.sharedModel.getSource()
  }));
  const at = notebook.activeCellIndex;
  all[at] = { ...all[at], source: here.source };
  const { cells, index } = around(all, at);
  const language = languageOf(notebook.model);
  const { editor } = notebook.activeCell;
  return { path, cells, index, offset: here.offset, language, editor };
}

// What the kernel said it runs, else what it was chosen for; a notebook keeps both, and
// the first is blank until a kernel runs.
function languageOf(model) {
  const info = model?.getMetadata('language_info');
  const name = info?.name || model?.getMetadata('kernelspec')?.language;
  return name ? { name, extension: info?.file_extension } : {};
}

// Returns the cells nearest to the one at `index`, which is always among them. Whole
// cells, so that what is above the cursor begins the same at each key.
export function around(cells, index, most = MOST_AROUND) {
  let [from, to] = [index, index + 1];
  let left = most;
  const fits = cell => cell !== undefined && cell.source.length <= left;
  while (fits(cells[from - 1])) left -= cells[--from].source.length;
  while (fits(cells[to])) left -= cells[to++].source.length;
  return { cells: cells.slice(from, to), index: index - from };
}

// Returns a text, or what is near the cursor, whose offset is in code points. It begins
// where it began at the key before, and ends so too.
export function near(text, offset, most = MOST_AROUND) {
  if (text.length <= most) return { source: text, offset };
  const above = [...text].slice(0, offset).join('');
  const step = most / 2;
  let from = Math.max(0, (Math.floor(above.length / step) - 1) * step);
  let to = Math.min(text.length, above.length + most);
  if (isWithin(text, from)) from += 1;
  if (isWithin(text, to)) to -= 1;
  const source = text.slice(from, to);
  return { source, offset: [...above.slice(from)].length };
}

// Whether a cut there would halve a character.
const isWithin = (text, at) => /[\udc00-\udfff]/.test(text[at] ?? '');
