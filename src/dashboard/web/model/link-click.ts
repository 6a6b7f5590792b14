/** A click handler that follows a link within the page. Clicks that open a new tab or window are left to the browser. */
export function onPlainClick(follow: () => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    follow();
  };
}
