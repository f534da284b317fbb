type Lazy<M> = M extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;

/**
 * These methods of an object that is made when the first of them is called. They hand on what they are called with, and
 * what comes of it as a promise.
 */
export function lazy<T extends object, K extends keyof T>(
  object: () => Promise<T>,
  ...names: readonly K[]
): { [N in K]: Lazy<NonNullable<T[N]>> } {
  const call =
    (name: K) =>
    async (...args: unknown[]) => {
      const target = await object();
      return (target[name] as (...args: unknown[]) => unknown).apply(target, args);
    };
  return Object.fromEntries(names.map((name) => [name, call(name)])) as {
    [N in K]: Lazy<NonNullable<T[N]>>;
  };
}
