import { Box, Text } from 'ink';
import { EntryDetail, ProcessDetail } from './details-view.js';
import { Footer } from './footer.js';
import { Header } from './header.js';
import { Help } from './help.js';
import { isTooSmall, MIN_SIZE } from './layout.js';
import { NodeLinks } from './links-view.js';
import { LogView } from './log-view.js';
import { Names } from './names-view.js';
import { Nodes } from './nodes-view.js';
import { Processes } from './processes-view.js';
import type { State } from './state.js';
import { Tree } from './tree-view.js';

/**
 * The whole screen, with exactly as many lines as the terminal. On a terminal that is too small, only a line with the
 * required size.
 */
export function Dashboard({ state }: { readonly state: State }) {
  const { size } = state;
  if (isTooSmall(size)) {
    return <Text wrap="truncate-end">{`${MIN_SIZE.columns} x ${MIN_SIZE.rows} needed`}</Text>;
  }
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows} flexShrink={0}>
      <Header state={state} />
      <Body state={state} />
      <Footer state={state} />
    </Box>
  );
}

function Body({ state }: { readonly state: State }) {
  if (state.isHelpOpen) return <Help state={state} />;
  const overlay = state.overlays.at(-1);
  if (overlay?.type === 'process') return <ProcessDetail state={state} overlay={overlay} />;
  if (overlay?.type === 'entry') return <EntryDetail state={state} overlay={overlay} />;
  if (overlay?.type === 'links') return <NodeLinks state={state} overlay={overlay} />;
  switch (state.view) {
    case 'processes':
      return <Processes state={state} />;
    case 'nodes':
      return <Nodes state={state} />;
    case 'tree':
      return <Tree state={state} />;
    case 'names':
      return <Names state={state} />;
    case 'log':
      return <LogView state={state} />;
  }
}
