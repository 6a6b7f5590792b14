const FOREGROUND = '#d5d9e0';
const BACKGROUND = '#14171c';
/** The first eight colours of a terminal. */
const PALETTE = ['#14171c', '#f2777a', '#8fce74', '#f0c674', '#7aa6da', '#c397d8', '#70c0ba', '#d5d9e0'];
// A glyph that another font provides takes one column as well; whole pixels leave no seams.
const STYLE = `
  body { margin: 0; background: ${BACKGROUND} }
  pre { margin: 0; padding: 16px; width: max-content; color: ${FOREGROUND}; font: 13.3px/17px 'DejaVu Sans Mono', monospace }
  i { display: inline-block; width: 8px; height: 17px; overflow: hidden; vertical-align: top; font-style: normal; text-align: center }
`;

/** The screen of a terminal emulator as HTML, each character with its style. */
export function screenAsHtml({ buffer: { active }, rows, cols }) {
  const lines = Array.from({ length: rows }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    return Array.from({ length: cols }, (_, column) => cellAsHtml(line?.getCell(column))).join('');
  });
  return `<style>${STYLE}</style><pre>${lines.join('\n')}</pre>`;
}

function cellAsHtml(cell) {
  if (cell === undefined || cell.getWidth() === 0) return '';
  const colour = cell.isFgDefault() ? FOREGROUND : (PALETTE[cell.getFgColor() % PALETTE.length] ?? FOREGROUND);
  const style = [
    cell.isInverse() ? `color:${BACKGROUND};background:${colour}` : `color:${colour}`,
    cell.isBold() ? 'font-weight:bold' : '',
    cell.isDim() ? 'opacity:0.55' : '',
  ];
  const text = (cell.getChars() || ' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<i style="${style.join(';')}">${text}</i>`;
}
