import { render, Text } from 'ink';
import type { TerminalFace } from '../terminal-face.js';

export const runTerminal: TerminalFace['runTerminal'] = async ({ title, stdin, stdout }) => {
  await render(<Text>{title}</Text>, { stdin, stdout }).waitUntilExit();
};
