/** `bulkhead completion`: scripts that let a shell complete commands, options and the names of a server's things. */
import { Argument, Command } from 'commander';

const help = `
Names of workers, runners, methods and profiles are asked of the server of the command line, the environment or the
default profile, for a second at most.

Examples:
  $ source <(bulkhead completion bash)                                  in ~/.bashrc
  $ source <(bulkhead completion zsh)                                   in ~/.zshrc, after compinit
  $ bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish`;

export function completionCommand(): Command {
  return new Command('completion')
    .description('print a script for completion in a shell')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', help)
    .action(async (shell: string) => {
      const { completionScript } = await import('../completion/scripts.ts');
      process.stdout.write(completionScript(shell));
    });
}

/** What the scripts call: `bulkhead __complete -- WORD…`, the last word being the one at the cursor. */
export function completeCommand(program: Command): Command {
  return new Command('__complete').argument('[WORD...]').action(async (words: string[]) => {
    const { complete } = await import('../completion/complete.ts');
    process.stdout.write(await complete(program, words));
  });
}
