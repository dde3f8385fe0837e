# SPDX-License-Identifier: GPL-2.0
# fish completion of tcphs-exporter. Every word comes from the tool itself.

function __tcphs_exporter
    set -l before (commandline -opc)[-1]
    set -l help (tcphs-exporter --help 2>/dev/null)
    # The options with an argument, of which no word is better than another.
    set -l takes (printf '%s\n' $help |
        sed -En 's/^ +((-.), )?(--[a-z-]+) [A-Z].*/\2 \3/p' | string split ' ')
    if string match -q -- '-*' (commandline -ct); and not contains -- $before $takes
        printf '%s\n' $help | sed -En 's/^ +(-., )?(--[a-z-]+).*/\2/p'
    end
end

complete -c tcphs-exporter -f -a '(__tcphs_exporter)'
