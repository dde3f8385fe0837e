# SPDX-License-Identifier: GPL-2.0
# fish completion of tcphs-lesson. Every word comes from the tool itself.

function __tcphs_lesson
    switch (commandline -opc)[-1]
        case --lang
            printf '%s\n' en zh
        case --pages
            __fish_complete_directories (commandline -ct)
        case '*'
            if string match -q -- '-*' (commandline -ct)
                tcphs-lesson --help 2>/dev/null | sed -En 's/^ +(-., )?(--[a-z-]+).*/\2/p'
            else
                echo all
                tcphs-lesson 2>/dev/null | sed -nE 's/^ +([0-9]+ +)?([a-z_]+) .*/\2/p'
            end
    end
end

complete -c tcphs-lesson -f -a '(__tcphs_lesson)'
