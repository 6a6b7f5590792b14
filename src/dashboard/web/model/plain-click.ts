/**
 * Returns a click handler for an anchor. A plain click calls `follow` instead of loading the link. The browser itself
 * handles other clicks, such as those that open a new tab or window.
 */
export function onPlainClick(follow: () => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    follow();
  };
}
