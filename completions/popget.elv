
use builtin;
use str;

set edit:completion:arg-completer[popget] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'popget'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'popget'= {
            cand -a 'Only this account; repeat it or separate with commas for several'
            cand --account 'Only this account; repeat it or separate with commas for several'
            cand -c 'Read this file instead of the default one; - reads standard input'
            cand --config 'Read this file instead of the default one; - reads standard input'
            cand --state-dir 'Remember what was seen in this directory'
            cand --limit 'At most so many messages an account'
            cand --max-size 'Leave larger messages on the server'
            cand -j 'Fetch so many accounts at the same time [default: 8]'
            cand --jobs 'Fetch so many accounts at the same time [default: 8]'
            cand --color 'Use colour'
            cand --server 'Visit this server, without a configuration file: host, host:port, or a POP URL'
            cand --user 'Log in as this user, if no URL names one'
            cand --tls 'Use TLS like this (implicit, starttls or none), if no URL says it'
            cand --password-command 'Take the first line that this command prints for the password'
            cand --maildir 'Deliver to this Maildir'
            cand --mbox 'Deliver to this mbox; - is standard output'
            cand --mda 'Deliver by this command'
            cand --lmtp 'Hand mail on to this server by LMTP: host, host:port, or the path of its socket'
            cand -n 'Do everything but deliver, delete or remember; say what would be done'
            cand --dry-run 'Do everything but deliver, delete or remember; say what would be done'
            cand --all 'Take seen messages too'
            cand --keep 'Leave messages on the server'
            cand --delete 'Delete messages from the server once they are delivered'
            cand --accept-new-uids 'Go on although every UID of a known maildrop is new'
            cand -e 'Exit with 1 if all went well and there was nothing new'
            cand --exit-empty 'Exit with 1 if all went well and there was nothing new'
            cand --json 'Print what happens as one JSON object a line'
            cand -q 'Say only errors; twice: nothing but the exit status'
            cand --quiet 'Say only errors; twice: nothing but the exit status'
            cand -v 'Say more; twice: the dialogue with the server, secrets masked'
            cand --verbose 'Say more; twice: the dialogue with the server, secrets masked'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand check 'Log in and say what is waiting; download and change nothing'
            cand list 'Print a line for each message on the server; download and change nothing'
            cand probe 'Say what a server offers, without logging in'
            cand config 'Check the configuration and print it, with every default and without secrets'
            cand completions 'Print the completion script of a shell'
        }
        &'popget;check'= {
            cand -a 'Only this account; repeat it or separate with commas for several'
            cand --account 'Only this account; repeat it or separate with commas for several'
            cand -c 'Read this file instead of the default one; - reads standard input'
            cand --config 'Read this file instead of the default one; - reads standard input'
            cand --state-dir 'Remember what was seen in this directory'
            cand -j 'Fetch so many accounts at the same time [default: 8]'
            cand --jobs 'Fetch so many accounts at the same time [default: 8]'
            cand --color 'Use colour'
            cand -e 'Exit with 1 if all went well and there is nothing new'
            cand --exit-empty 'Exit with 1 if all went well and there is nothing new'
            cand --accept-new-uids 'Go on although every UID of a known maildrop is new'
            cand --json 'Print what happens as one JSON object a line'
            cand -q 'Say only errors; twice: nothing but the exit status'
            cand --quiet 'Say only errors; twice: nothing but the exit status'
            cand -v 'Say more; twice: the dialogue with the server, secrets masked'
            cand --verbose 'Say more; twice: the dialogue with the server, secrets masked'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'popget;list'= {
            cand -a 'Only this account; repeat it or separate with commas for several'
            cand --account 'Only this account; repeat it or separate with commas for several'
            cand -c 'Read this file instead of the default one; - reads standard input'
            cand --config 'Read this file instead of the default one; - reads standard input'
            cand --state-dir 'Remember what was seen in this directory'
            cand -j 'Fetch so many accounts at the same time [default: 8]'
            cand --jobs 'Fetch so many accounts at the same time [default: 8]'
            cand --color 'Use colour'
            cand --accept-new-uids 'Go on although every UID of a known maildrop is new'
            cand --json 'Print what happens as one JSON object a line'
            cand -q 'Say only errors; twice: nothing but the exit status'
            cand --quiet 'Say only errors; twice: nothing but the exit status'
            cand -v 'Say more; twice: the dialogue with the server, secrets masked'
            cand --verbose 'Say more; twice: the dialogue with the server, secrets masked'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'popget;probe'= {
            cand --tls 'How to use TLS there'
            cand -a 'Only this account; repeat it or separate with commas for several'
            cand --account 'Only this account; repeat it or separate with commas for several'
            cand -c 'Read this file instead of the default one; - reads standard input'
            cand --config 'Read this file instead of the default one; - reads standard input'
            cand --state-dir 'Remember what was seen in this directory'
            cand -j 'Fetch so many accounts at the same time [default: 8]'
            cand --jobs 'Fetch so many accounts at the same time [default: 8]'
            cand --color 'Use colour'
            cand --accept-new-uids 'Go on although every UID of a known maildrop is new'
            cand --json 'Print what happens as one JSON object a line'
            cand -q 'Say only errors; twice: nothing but the exit status'
            cand --quiet 'Say only errors; twice: nothing but the exit status'
            cand -v 'Say more; twice: the dialogue with the server, secrets masked'
            cand --verbose 'Say more; twice: the dialogue with the server, secrets masked'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'popget;config'= {
            cand -a 'Only this account; repeat it or separate with commas for several'
            cand --account 'Only this account; repeat it or separate with commas for several'
            cand -c 'Read this file instead of the default one; - reads standard input'
            cand --config 'Read this file instead of the default one; - reads standard input'
            cand --state-dir 'Remember what was seen in this directory'
            cand -j 'Fetch so many accounts at the same time [default: 8]'
            cand --jobs 'Fetch so many accounts at the same time [default: 8]'
            cand --color 'Use colour'
            cand --accounts 'Print the names of the accounts, whether enabled or not'
            cand --schema 'Print the JSON Schema of popget.yaml'
            cand --accept-new-uids 'Go on although every UID of a known maildrop is new'
            cand --json 'Print what happens as one JSON object a line'
            cand -q 'Say only errors; twice: nothing but the exit status'
            cand --quiet 'Say only errors; twice: nothing but the exit status'
            cand -v 'Say more; twice: the dialogue with the server, secrets masked'
            cand --verbose 'Say more; twice: the dialogue with the server, secrets masked'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'popget;completions'= {
            cand -a 'Only this account; repeat it or separate with commas for several'
            cand --account 'Only this account; repeat it or separate with commas for several'
            cand -c 'Read this file instead of the default one; - reads standard input'
            cand --config 'Read this file instead of the default one; - reads standard input'
            cand --state-dir 'Remember what was seen in this directory'
            cand -j 'Fetch so many accounts at the same time [default: 8]'
            cand --jobs 'Fetch so many accounts at the same time [default: 8]'
            cand --color 'Use colour'
            cand --accept-new-uids 'Go on although every UID of a known maildrop is new'
            cand --json 'Print what happens as one JSON object a line'
            cand -q 'Say only errors; twice: nothing but the exit status'
            cand --quiet 'Say only errors; twice: nothing but the exit status'
            cand -v 'Say more; twice: the dialogue with the server, secrets masked'
            cand --verbose 'Say more; twice: the dialogue with the server, secrets masked'
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
