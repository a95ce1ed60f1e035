
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'popget' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'popget'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'popget' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most so many messages an account')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'Leave larger messages on the server')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the accounts that fall into the I-th of N parts by their names: for many machines')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Draw progress bars [default: auto, on a terminal]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Visit this server, without a configuration file: host, host:port, or a POP URL')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Log in as this user, if no URL names one')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS like this, if no URL says it')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the first line that this command prints for the password')
            [CompletionResult]::new('--maildir', '--maildir', [CompletionResultType]::ParameterName, 'Deliver to this Maildir')
            [CompletionResult]::new('--mbox', '--mbox', [CompletionResultType]::ParameterName, 'Deliver to this mbox; - is standard output')
            [CompletionResult]::new('--mda', '--mda', [CompletionResultType]::ParameterName, 'Deliver by this command')
            [CompletionResult]::new('--lmtp', '--lmtp', [CompletionResultType]::ParameterName, 'Hand mail on to this server by LMTP: host, host:port, or the path of its socket')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Do everything but deliver, delete or remember; say what would be done')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Do everything but deliver, delete or remember; say what would be done')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Take seen messages too')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Leave messages on the server')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Delete messages from the server once they are delivered')
            [CompletionResult]::new('--accept-new-uids', '--accept-new-uids', [CompletionResultType]::ParameterName, 'Go on although every UID of a known maildrop is new')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Exit with 1 if all went well and there was nothing new')
            [CompletionResult]::new('--exit-empty', '--exit-empty', [CompletionResultType]::ParameterName, 'Exit with 1 if all went well and there was nothing new')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Log in and say what is waiting; download and change nothing')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Print a line for each message on the server; download and change nothing')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Say what a server offers, without logging in')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to an account by OAuth 2.0, once')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Find the server of an address, and set up an account that works')
            [CompletionResult]::new('state', 'state', [CompletionResultType]::ParameterValue, 'Show what is remembered of messages, and change it')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check the configuration and print it, with every default and without secrets')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take over the settings and the record of fetchmail, mpop, getmail or fdm')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            break
        }
        'popget;check' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the accounts that fall into the I-th of N parts by their names: for many machines')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Draw progress bars [default: auto, on a terminal]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Exit with 1 if all went well and there is nothing new')
            [CompletionResult]::new('--exit-empty', '--exit-empty', [CompletionResultType]::ParameterName, 'Exit with 1 if all went well and there is nothing new')
            [CompletionResult]::new('--accept-new-uids', '--accept-new-uids', [CompletionResultType]::ParameterName, 'Go on although every UID of a known maildrop is new')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;list' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the accounts that fall into the I-th of N parts by their names: for many machines')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Draw progress bars [default: auto, on a terminal]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--accept-new-uids', '--accept-new-uids', [CompletionResultType]::ParameterName, 'Go on although every UID of a known maildrop is new')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;probe' {
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'How to use TLS there')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the accounts that fall into the I-th of N parts by their names: for many machines')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Draw progress bars [default: auto, on a terminal]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;login' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--paste', '--paste', [CompletionResultType]::ParameterName, 'Paste the address that the browser ends at, from wherever that runs')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;setup' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Call the account this')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Take this server instead of looking for one: host, host:port, or a POP URL')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS like this at the server')
            [CompletionResult]::new('--tls-ca-file', '--tls-ca-file', [CompletionResultType]::ParameterName, 'Trust the issuers in this file, in PEM, instead of the system''s')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, whoever issued it')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5://host:port')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Log in as this user')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'The password is the first line that this command prints')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'The password is the first line of this file, which is made if it is not there')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'This command prints an access token of OAuth 2.0')
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'Sign in by OAuth 2.0, by popget login and this client id')
            [CompletionResult]::new('--client-secret-command', '--client-secret-command', [CompletionResultType]::ParameterName, 'This command prints the secret of the client')
            [CompletionResult]::new('--maildir', '--maildir', [CompletionResultType]::ParameterName, 'Deliver to this Maildir')
            [CompletionResult]::new('--mbox', '--mbox', [CompletionResultType]::ParameterName, 'Deliver to this mbox')
            [CompletionResult]::new('--mda', '--mda', [CompletionResultType]::ParameterName, 'Deliver by this command')
            [CompletionResult]::new('--lmtp', '--lmtp', [CompletionResultType]::ParameterName, 'Hand mail on to this server by LMTP: host, host:port, or the path of its socket')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'The password stands in the file of ftp(1)')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'The password is asked for in every run')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Leave messages on the server')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Delete messages from the server once they are delivered')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Ask nothing: take what is usual, and yes for an answer')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Ask nothing: take what is usual, and yes for an answer')
            [CompletionResult]::new('--no-test', '--no-test', [CompletionResultType]::ParameterName, 'Do not log in to see whether it works')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the account, and touch no file')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;state' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Say what is remembered; without an account, of all')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Forget messages, so that they are fetched again')
            [CompletionResult]::new('mark', 'mark', [CompletionResultType]::ParameterValue, 'Remember messages as seen, without fetching them')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Print what is remembered, to be taken over on another machine')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take over what export printed, and keep what is remembered here')
            break
        }
        'popget;state;show' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--uids', '--uids', [CompletionResultType]::ParameterName, 'A line for each message as well')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;state;forget' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;state;mark' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Draw progress bars [default: auto, on a terminal]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All that are on the server now')
            [CompletionResult]::new('--may-delete', '--may-delete', [CompletionResultType]::ParameterName, 'Even if the account''s keep has the next run delete them from the server')
            [CompletionResult]::new('--accept-new-uids', '--accept-new-uids', [CompletionResultType]::ParameterName, 'Go on although every UID of a known maildrop is new')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;state;export' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;state;import' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be taken over, and leave all as it is')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be taken over, and leave all as it is')
            [CompletionResult]::new('--other-maildrop', '--other-maildrop', [CompletionResultType]::ParameterName, 'Even if it is of another user or server')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;config' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Print the names of the accounts, whether enabled or not')
            [CompletionResult]::new('--schema', '--schema', [CompletionResultType]::ParameterName, 'Print the JSON Schema of popget.yaml')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens as one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;import' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'The program')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Its record of what was fetched, instead of the one that its settings name')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--connect', '--connect', [CompletionResultType]::ParameterName, 'Log in to each account and say how much of what is there the record names')
            [CompletionResult]::new('--with-passwords', '--with-passwords', [CompletionResultType]::ParameterName, 'Write passwords that stand in its settings')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Print the configuration, and take over no record')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the configuration, and take over no record')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only errors; twice: nothing but the exit status')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice: the dialogue with the server, secrets masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'popget;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
