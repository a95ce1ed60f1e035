# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_popget_global_optspecs
    string join \n a/account= c/config= state-dir= n/dry-run all keep delete limit= max-size= j/jobs= shard= accept-new-uids e/exit-empty json progress= q/quiet v/verbose color= server= user= tls= password-command= maildir= mbox= mda= lmtp= h/help V/version
end

function __fish_popget_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_popget_global_optspecs) -- $cmd 2>/dev/null
    or begin
        set -e cmd[-1]
        argparse -s (__fish_popget_global_optspecs) -- $cmd 2>/dev/null
    end
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_popget_using_subcommand
    set -l cmd (__fish_popget_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c popget -n "__fish_popget_needs_command" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_needs_command" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_needs_command" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_needs_command" -l limit -d 'At most so many messages an account' -r
complete -c popget -n "__fish_popget_needs_command" -l max-size -d 'Leave larger messages on the server' -r
complete -c popget -n "__fish_popget_needs_command" -s j -l jobs -d 'Fetch so many accounts at the same time [default: 8]' -r
complete -c popget -n "__fish_popget_needs_command" -l shard -d 'Only the accounts that fall into the I-th of N parts by their names: for many machines' -r
complete -c popget -n "__fish_popget_needs_command" -l progress -d 'Draw progress bars [default: auto, on a terminal]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_needs_command" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_needs_command" -l server -d 'Visit this server, without a configuration file: host, host:port, or a POP URL' -r
complete -c popget -n "__fish_popget_needs_command" -l user -d 'Log in as this user, if no URL names one' -r
complete -c popget -n "__fish_popget_needs_command" -l tls -d 'Use TLS like this, if no URL says it' -r -f -a "implicit\t''
starttls\t''
none\t''"
complete -c popget -n "__fish_popget_needs_command" -l password-command -d 'Take the first line that this command prints for the password' -r
complete -c popget -n "__fish_popget_needs_command" -l maildir -d 'Deliver to this Maildir' -r -F
complete -c popget -n "__fish_popget_needs_command" -l mbox -d 'Deliver to this mbox; - is standard output' -r -F
complete -c popget -n "__fish_popget_needs_command" -l mda -d 'Deliver by this command' -r
complete -c popget -n "__fish_popget_needs_command" -l lmtp -d 'Hand mail on to this server by LMTP: host, host:port, or the path of its socket' -r
complete -c popget -n "__fish_popget_needs_command" -s n -l dry-run -d 'Do everything but deliver, delete or remember; say what would be done'
complete -c popget -n "__fish_popget_needs_command" -l all -d 'Take seen messages too'
complete -c popget -n "__fish_popget_needs_command" -l keep -d 'Leave messages on the server'
complete -c popget -n "__fish_popget_needs_command" -l delete -d 'Delete messages from the server once they are delivered'
complete -c popget -n "__fish_popget_needs_command" -l accept-new-uids -d 'Go on although every UID of a known maildrop is new'
complete -c popget -n "__fish_popget_needs_command" -s e -l exit-empty -d 'Exit with 1 if all went well and there was nothing new'
complete -c popget -n "__fish_popget_needs_command" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_needs_command" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_needs_command" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_needs_command" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_needs_command" -s V -l version -d 'Print version'
complete -c popget -n "__fish_popget_needs_command" -f -a "check" -d 'Log in and say what is waiting; download and change nothing'
complete -c popget -n "__fish_popget_needs_command" -f -a "list" -d 'Print a line for each message on the server; download and change nothing'
complete -c popget -n "__fish_popget_needs_command" -f -a "probe" -d 'Say what a server offers, without logging in'
complete -c popget -n "__fish_popget_needs_command" -f -a "login" -d 'Sign in to an account by OAuth 2.0, once'
complete -c popget -n "__fish_popget_needs_command" -f -a "setup" -d 'Find the server of an address, and set up an account that works'
complete -c popget -n "__fish_popget_needs_command" -f -a "state" -d 'Show what is remembered of messages, and change it'
complete -c popget -n "__fish_popget_needs_command" -f -a "config" -d 'Check the configuration and print it, with every default and without secrets'
complete -c popget -n "__fish_popget_needs_command" -f -a "import" -d 'Take over the settings and the record of fetchmail, mpop, getmail or fdm'
complete -c popget -n "__fish_popget_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c popget -n "__fish_popget_using_subcommand check" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand check" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand check" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand check" -s j -l jobs -d 'Fetch so many accounts at the same time [default: 8]' -r
complete -c popget -n "__fish_popget_using_subcommand check" -l shard -d 'Only the accounts that fall into the I-th of N parts by their names: for many machines' -r
complete -c popget -n "__fish_popget_using_subcommand check" -l progress -d 'Draw progress bars [default: auto, on a terminal]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand check" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand check" -s e -l exit-empty -d 'Exit with 1 if all went well and there is nothing new'
complete -c popget -n "__fish_popget_using_subcommand check" -l accept-new-uids -d 'Go on although every UID of a known maildrop is new'
complete -c popget -n "__fish_popget_using_subcommand check" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand check" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand check" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand check" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand list" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand list" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand list" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand list" -s j -l jobs -d 'Fetch so many accounts at the same time [default: 8]' -r
complete -c popget -n "__fish_popget_using_subcommand list" -l shard -d 'Only the accounts that fall into the I-th of N parts by their names: for many machines' -r
complete -c popget -n "__fish_popget_using_subcommand list" -l progress -d 'Draw progress bars [default: auto, on a terminal]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand list" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand list" -l accept-new-uids -d 'Go on although every UID of a known maildrop is new'
complete -c popget -n "__fish_popget_using_subcommand list" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand list" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand list" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand list" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand probe" -l tls -d 'How to use TLS there' -r -f -a "implicit\t''
starttls\t''
none\t''"
complete -c popget -n "__fish_popget_using_subcommand probe" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand probe" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand probe" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand probe" -s j -l jobs -d 'Fetch so many accounts at the same time [default: 8]' -r
complete -c popget -n "__fish_popget_using_subcommand probe" -l shard -d 'Only the accounts that fall into the I-th of N parts by their names: for many machines' -r
complete -c popget -n "__fish_popget_using_subcommand probe" -l progress -d 'Draw progress bars [default: auto, on a terminal]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand probe" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand probe" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand probe" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand probe" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand probe" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand login" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand login" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand login" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand login" -l paste -d 'Paste the address that the browser ends at, from wherever that runs'
complete -c popget -n "__fish_popget_using_subcommand login" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand login" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand login" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand login" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand setup" -l name -d 'Call the account this' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l server -d 'Take this server instead of looking for one: host, host:port, or a POP URL' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l tls -d 'Use TLS like this at the server' -r -f -a "implicit\t''
starttls\t''
none\t''"
complete -c popget -n "__fish_popget_using_subcommand setup" -l tls-ca-file -d 'Trust the issuers in this file, in PEM, instead of the system\'s' -r -F
complete -c popget -n "__fish_popget_using_subcommand setup" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, whoever issued it' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l proxy -d 'Connect through this proxy: socks5://host:port' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l user -d 'Log in as this user' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l password-command -d 'The password is the first line that this command prints' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l password-file -d 'The password is the first line of this file, which is made if it is not there' -r -F
complete -c popget -n "__fish_popget_using_subcommand setup" -l token-command -d 'This command prints an access token of OAuth 2.0' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l client-id -d 'Sign in by OAuth 2.0, by popget login and this client id' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l client-secret-command -d 'This command prints the secret of the client' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l maildir -d 'Deliver to this Maildir' -r -F
complete -c popget -n "__fish_popget_using_subcommand setup" -l mbox -d 'Deliver to this mbox' -r -F
complete -c popget -n "__fish_popget_using_subcommand setup" -l mda -d 'Deliver by this command' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -l lmtp -d 'Hand mail on to this server by LMTP: host, host:port, or the path of its socket' -r
complete -c popget -n "__fish_popget_using_subcommand setup" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand setup" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand setup" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand setup" -l netrc -d 'The password stands in the file of ftp(1)'
complete -c popget -n "__fish_popget_using_subcommand setup" -l ask-password -d 'The password is asked for in every run'
complete -c popget -n "__fish_popget_using_subcommand setup" -l keep -d 'Leave messages on the server'
complete -c popget -n "__fish_popget_using_subcommand setup" -l delete -d 'Delete messages from the server once they are delivered'
complete -c popget -n "__fish_popget_using_subcommand setup" -s y -l yes -d 'Ask nothing: take what is usual, and yes for an answer'
complete -c popget -n "__fish_popget_using_subcommand setup" -l no-test -d 'Do not log in to see whether it works'
complete -c popget -n "__fish_popget_using_subcommand setup" -l print -d 'Print the account, and touch no file'
complete -c popget -n "__fish_popget_using_subcommand setup" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand setup" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand setup" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -f -a "show" -d 'Say what is remembered; without an account, of all'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -f -a "forget" -d 'Forget messages, so that they are fetched again'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -f -a "mark" -d 'Remember messages as seen, without fetching them'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -f -a "export" -d 'Print what is remembered, to be taken over on another machine'
complete -c popget -n "__fish_popget_using_subcommand state; and not __fish_seen_subcommand_from show forget mark export import" -f -a "import" -d 'Take over what export printed, and keep what is remembered here'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -l uids -d 'A line for each message as well'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -l progress -d 'Draw progress bars [default: auto, on a terminal]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -l all -d 'All that are on the server now'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -l may-delete -d 'Even if the account\'s keep has the next run delete them from the server'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -l accept-new-uids -d 'Go on although every UID of a known maildrop is new'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from mark" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -s n -l dry-run -d 'Say what would be taken over, and leave all as it is'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -l other-maildrop -d 'Even if it is of another user or server'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand state; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand config" -s a -l account -d 'Only this account; repeat it or separate with commas for several' -r
complete -c popget -n "__fish_popget_using_subcommand config" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand config" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand config" -l accounts -d 'Print the names of the accounts, whether enabled or not'
complete -c popget -n "__fish_popget_using_subcommand config" -l schema -d 'Print the JSON Schema of popget.yaml'
complete -c popget -n "__fish_popget_using_subcommand config" -l json -d 'Print what happens as one JSON object a line'
complete -c popget -n "__fish_popget_using_subcommand config" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand config" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand config" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand import" -l from -d 'The program' -r -f -a "fetchmail\t''
mpop\t''
getmail\t''
fdm\t''
thunderbird\t''"
complete -c popget -n "__fish_popget_using_subcommand import" -l state -d 'Its record of what was fetched, instead of the one that its settings name' -r -F
complete -c popget -n "__fish_popget_using_subcommand import" -s c -l config -d 'Read this file instead of the default one; - reads standard input' -r -F
complete -c popget -n "__fish_popget_using_subcommand import" -l state-dir -d 'Remember what was seen in this directory' -r -F
complete -c popget -n "__fish_popget_using_subcommand import" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand import" -l connect -d 'Log in to each account and say how much of what is there the record names'
complete -c popget -n "__fish_popget_using_subcommand import" -l with-passwords -d 'Write passwords that stand in its settings'
complete -c popget -n "__fish_popget_using_subcommand import" -s n -l dry-run -d 'Print the configuration, and take over no record'
complete -c popget -n "__fish_popget_using_subcommand import" -s q -l quiet -d 'Say only errors; twice: nothing but the exit status'
complete -c popget -n "__fish_popget_using_subcommand import" -s v -l verbose -d 'Say more; twice: the dialogue with the server, secrets masked'
complete -c popget -n "__fish_popget_using_subcommand import" -s h -l help -d 'Print help'
complete -c popget -n "__fish_popget_using_subcommand completions" -l color -d 'Use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c popget -n "__fish_popget_using_subcommand completions" -s h -l help -d 'Print help'
complete -c popget -n '__fish_popget_using_subcommand completions' -f -a 'bash elvish fish powershell zsh'

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
