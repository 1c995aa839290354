// Loaded before a server that another program runs: when that program is gone, whichever way it went, the pipe that is
// this server's stdin ends, and the server stops as by SIGTERM. So nothing outlives what started it.

const stop = (): void => void process.kill(process.pid, 'SIGTERM');

process.stdin.on('end', stop).on('error', stop).resume();
