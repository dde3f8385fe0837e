# SPDX-License-Identifier: GPL-2.0
# fish completion of tcphs. Every word comes from the tool itself.

# __tcphs_names verbs|--state|--event|--role
function __tcphs_names
    tcphs help words 2>/dev/null | sed -n "s/^$argv[1] //p" | string split ' '
end

function __tcphs
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    set -l verb $words[2]
    set -l before $words[-1]

    if test (count $words) -eq 1
        __tcphs_names verbs
        return
    end
    if test $verb = help
        __tcphs_names verbs
        echo names
        return
    end
    # Behind -- stand a command and its arguments.
    if set -l at (contains -i -- -- $words)
        complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..-1]) $cur)
        return
    end
    if string match -q -- '--*=*' $cur
        set before (string replace -r '=.*' '' -- $cur)
    end
    # Of a list, the last word; behind --option= as well.
    set -l list (string match -r '^.*[=,]' -- $cur)
    # "-s, --state STATE,..."
    set -l options (tcphs $verb --help 2>/dev/null |
        sed -En 's/^ +((-[[:alnum:]], )?--[a-z-]+([ =][^ ]+)?).*/\1/p' | tr = ' ')
    set -l found
    if string match -q -- '-*' $before
        set found (string replace -rf -- "^(?:$before, |(?:-., )?(?=$before( |\$)))" '' $options)
    end
    set -l parts (string split ' ' -- $found[1])

    switch "$parts"
        case '* FILE'
            __fish_complete_path $cur
        case '--state *' '--event *' '--role *'
            printf '%s\n' "$list"(__tcphs_names $parts[1])
        case '--output *'
            printf '%s\n' "$list"(tcphs $verb (string match -r -- '^(?:-j|--json)$' $words) --output help 2>/dev/null | string split -n ' ')
        case '--color *'
            printf '%s\n' "$list"{auto,always,never}
        case '* DIR'
            __fish_complete_directories $cur
        case '* *'
        case '*'
            if string match -q -- '-*' $cur
                string replace -rf '^(?:-., )?(--[a-z-]+).*' '$1' -- $options
            else if tcphs $verb --help 2>/dev/null | string match -q "Usage: tcphs $verb FILE*"
                __fish_complete_path $cur
            end
    end
end

complete -c tcphs -f -a '(__tcphs)'
