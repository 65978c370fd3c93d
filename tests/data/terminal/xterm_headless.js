// One request a line on standard input: {columns, rows, data (hex)}; one answer a line: {screen, x, y}.
const { Terminal } = require('@xterm/headless');
const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  const request = JSON.parse(line);
  const options = { cols: request.columns, rows: request.rows, allowProposedApi: true, logLevel: 'off' };
  const terminal = new Terminal(options);
  await new Promise((done) => terminal.write(Buffer.from(request.data, 'hex'), done));
  const buffer = terminal.buffer.active;
  const screen = [];
  for (let row = 0; row < terminal.rows; row++) {
    screen.push(buffer.getLine(buffer.baseY + row).translateToString(true));
  }
  console.log(JSON.stringify({ screen, x: Math.min(buffer.cursorX, terminal.cols - 1), y: buffer.cursorY }));
  terminal.dispose();
});
