/**
 * The scripts for shells. Each hands the words of the line to `bulkhead __complete` and shows what comes back.
 *
 * The words are passed as arguments and never evaluated: what stands on a line that was not sent yet must not run
 * because somebody pressed a key. `:files` and `:folders` leave the work to the shell.
 */
const bash = `# bash completion for bulkhead
_bulkhead() {
  local cur=\${COMP_WORDS[COMP_CWORD]} line value
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files|:folders)
        compopt -o filenames 2>/dev/null
        local kind=-f
        [ "$line" = :folders ] && kind=-d
        while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen $kind -- "$cur")
        ;;
      *)
        value=\${line%%$'\\t'*}
        COMPREPLY+=("$(printf %q "$value")")
        ;;
    esac
  done < <(bulkhead __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _bulkhead bulkhead
`;

const zsh = `#compdef bulkhead
# zsh completion for bulkhead
_bulkhead() {
  local line
  local -a described
  for line in "\${(@f)$(bulkhead __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) _files; return ;;
      :folders) _files -/; return ;;
      *$'\\t'*) described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) described+=("\${line//:/\\\\:}") ;;
    esac
  done
  _describe bulkhead described
}
if [ "$funcstack[1]" = _bulkhead ]; then _bulkhead; else compdef _bulkhead bulkhead; fi
`;

const fish = `# fish completion for bulkhead
function __bulkhead_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (bulkhead __complete -- $words[2..] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current"
            case '*'
                printf '%s\\n' $line
        end
    end
end
complete -c bulkhead -f -a '(__bulkhead_complete)'
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

/** The script for `bash`, `zsh` or `fish`. */
export function completionScript(shell: string): string {
  return scripts[shell] ?? '';
}
