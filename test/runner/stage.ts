// This file runs one step of the checks as a child process, with a deadline.

export type StageResult = {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** What was not looked at, in words. */
  readonly skipped: readonly string[];
  /** What broke, one a line with the reason under it. */
  readonly broken: readonly string[];
  readonly seconds: number;
};

export type Command = {
  readonly cmd: readonly string[];
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** Exit code; 124 where the deadline ended it, as timeout(1) says it. Output goes to ours. */
export async function run(command: Command): Promise<number> {
  const child = Bun.spawn({
    cmd: [...command.cmd],
    env: { ...process.env, ...command.env },
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    console.log(`Ended after ${command.timeoutMs / 1000} s: ${command.cmd.join(' ')}`);
    child.kill('SIGKILL');
  }, command.timeoutMs);
  const code = await child.exited;
  clearTimeout(timer);
  process.off('exit', stop);
  return isLate ? 124 : code;
}

/** A stage that is one check: its exit code decides. */
export async function checkStage(name: string, command: Command): Promise<StageResult> {
  const startMs = performance.now();
  const code = await run(command);
  const seconds = (performance.now() - startMs) / 1000;
  const isGood = code === 0;
  const broken = isGood ? [] : [`${name}: see above`];
  return { name, passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: [], broken, seconds };
}
