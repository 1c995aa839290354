// What a promise is rejected with, for tests. `expect(promise).rejects` and `.resolves` wait by running the event loop
// from inside the one that runs (Bun 1.4.5). Whatever was ready beside at that moment is passed over: sockets are found
// again, but the output of children is polled for once, so that nobody ever reads it and whoever waits for it hangs.
// A house rule keeps both away.

/** Resolves to the error that `promise` is rejected with; rejects when it resolves. */
export function rejection<E extends Error = Error>(promise: PromiseLike<unknown>): Promise<E> {
  return Promise.resolve(promise).then(
    (value) => Promise.reject(new Error(`resolved to ${Bun.inspect(value)}, and was to be rejected`)),
    (error: E) => error,
  );
}
