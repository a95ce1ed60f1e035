
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
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Visit this server, without a configuration file: host, host:port, or a POP URL')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Log in as this user, if no URL names one')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS like this (implicit, starttls or none), if no URL says it')
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
            [CompletionResult]::new('state', 'state', [CompletionResultType]::ParameterValue, 'Show what is remembered of messages, and change it')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check the configuration and print it, with every default and without secrets')
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
        'popget;state' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--accept-new-uids', '--accept-new-uids', [CompletionResultType]::ParameterName, 'Go on although every UID of a known maildrop is new')
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
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--uids', '--uids', [CompletionResultType]::ParameterName, 'A line for each message as well')
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
        'popget;state;forget' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
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
        'popget;state;mark' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
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
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
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
        'popget;state;import' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be taken over, and leave all as it is')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be taken over, and leave all as it is')
            [CompletionResult]::new('--other-maildrop', '--other-maildrop', [CompletionResultType]::ParameterName, 'Even if it is of another user or server')
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
        'popget;config' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Print the names of the accounts, whether enabled or not')
            [CompletionResult]::new('--schema', '--schema', [CompletionResultType]::ParameterName, 'Print the JSON Schema of popget.yaml')
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
        'popget;completions' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only this account; repeat it or separate with commas for several')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file instead of the default one; - reads standard input')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Remember what was seen in this directory')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Fetch so many accounts at the same time [default: 8]')
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
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
