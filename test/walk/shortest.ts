/**
 * The shortest sequence that was found, within the time, of which `shows` still holds: parts of it are left out, first
 * large ones, then single items (Zeller's ddmin).
 */
export async function shortest<T>(
  items: readonly T[],
  shows: (items: readonly T[]) => Promise<boolean>,
  milliseconds: number,
): Promise<readonly T[]> {
  const end = performance.now() + milliseconds;
  if (await shows([])) return [];
  let least = items;
  for (let size = Math.ceil(least.length / 2); size >= 1 && performance.now() < end;) {
    let left = false;
    for (let at = least.length - size; at > -size && performance.now() < end; at -= size) {
      const without = [...least.slice(0, Math.max(0, at)), ...least.slice(at + size)];
      if (without.length === least.length || !(await shows(without))) continue;
      least = without;
      left = true;
    }
    if (size === 1 && !left) break;
    size = left ? Math.min(size, Math.ceil(least.length / 2)) : Math.floor(size / 2);
  }
  return least;
}
