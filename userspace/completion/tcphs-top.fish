# SPDX-License-Identifier: GPL-2.0
# fish completion of tcphs-top. Every word comes from the tool itself.

function __tcphs_top
    set -l before (commandline -opc)[-1]
    set -l cur (commandline -ct)
    set -l option ''
    if string match -q -- '--*=*' $cur
        set before (string replace -r '=.*' '' -- $cur)
        set option $before=
    end
    set -l help (tcphs-top --help 2>/dev/null)
    # The options with an argument.
    set -l takes (printf '%s\n' $help |
        sed -En 's/^ +((-.), )?(--[a-z-]+) [A-Z][^ ]* .*/\2 \3/p' | string split ' ')
    if contains -- $before -s --sort
        tcphs-top --sort '' 2>&1 | sed -n 's/^  [a-z]*: //p' | string split ' ' |
            string replace -r '^' -- $option
    else if contains -- $before -r --read
        __fish_complete_path (string replace -r '^--[^=]*=' '' -- $cur) | string replace -r '^' -- $option
    else if string match -q -- '-*' $cur; and not contains -- $before $takes
        printf '%s\n' $help | sed -En 's/^ +(-., )?(--[a-z-]+).*/\2/p'
    end
end

complete -c tcphs-top -f -a '(__tcphs_top)'
