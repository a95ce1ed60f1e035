# Tells the accounts of the configuration, behind those that stand on the line already.
function __fish_popget_accounts
    set -l words (commandline -opc)
    set -l options
    for at in (seq (count $words))
        switch $words[$at]
            case -c --config
                set options --config $words[(math $at + 1)]
            case '--config=*'
                set options --config (string replace -- --config= '' $words[$at])
            case '-c?*'
                set options --config (string sub -s 3 -- $words[$at])
        end
    end
    set options (string replace -r '^~/' "$HOME/" -- $options)
    test "$options[2]" = -
    and return
    set -l value (string replace -r '^(--account=|-a)' '' -- (commandline -ct))
    set -l before (string match -r '^.*,' -- $value)
    for name in (popget $options config --accounts 2> /dev/null < /dev/null)
        contains -- $name (string split , -- "$before")
        or echo "$before$name"
    end
end

complete -c popget -s a -l account -r -f -a '(__fish_popget_accounts)'
complete -c popget -n '__fish_popget_using_subcommand login' -f -a '(__fish_popget_accounts)'
