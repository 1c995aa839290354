// Ending: why a connection ends, in so many kinds as a transport may have words for. What people read is said beside it.

/**
 * `done`: its client said so, or was first to go · `leaving`: the server stops · `protocol`, `encoding`: the transport's
 * rules were broken · `policy`: it may not stay · `size`: a frame was too long · `fault`: ours.
 */
export type Ending = 'done' | 'leaving' | 'protocol' | 'encoding' | 'policy' | 'size' | 'fault';
