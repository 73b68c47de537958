# The settings of the Request Tracker that ./rt runs. RT_HOME and RT_PORT are from there.

$RT::VarPath         = "$ENV{RT_HOME}/var";
$RT::MasonDataDir    = "$ENV{RT_HOME}/var/mason";
$RT::MasonSessionDir = "$ENV{RT_HOME}/var/session";
Set($DatabaseType, 'SQLite');
Set($DatabaseName, "$ENV{RT_HOME}/rt.sqlite");

Set($rtname,            'rt.test');
Set($Organization,      'rt.test');
Set($CorrespondAddress, 'support@rt.test');
Set($CommentAddress,    'support-comment@rt.test');
Set($WebDomain,         '127.0.0.1');
Set($WebPort,           $ENV{RT_PORT});

# The zone of the users who have none of their own.
Set($Timezone, 'UTC');

# A queue may have statuses of its own.
Set(%Lifecycles,
    development => {
        initial     => [qw(todo)],
        active      => [qw(doing waiting)],
        inactive    => [qw(done deleted)],
        defaults    => { on_create => 'todo' },
        transitions => {
            ''      => [qw(todo)],
            todo    => [qw(doing waiting done deleted)],
            doing   => [qw(todo waiting done deleted)],
            waiting => [qw(todo doing done deleted)],
            done    => [qw(todo doing deleted)],
            deleted => [qw(todo)],
        },
        rights => { '* -> deleted' => 'DeleteTicket', '* -> *' => 'ModifyTicket' },
    },
    # What becomes of the status of a ticket that is moved across.
    __maps__ => {
        'default -> development' => {
            new => 'todo', open => 'doing', stalled => 'waiting', resolved => 'done', rejected => 'done', deleted => 'deleted',
        },
        'development -> default' => {
            todo => 'new', doing => 'open', waiting => 'stalled', done => 'resolved', deleted => 'deleted',
        },
    },
);

# RT hashes the token again in each request. Its own cost of 12 makes that a quarter of a second.
Set($BcryptCost, 4);

# Mail is written, recorded on the ticket and then swallowed. A program that does not read it would be logged as an error.
Set($MailCommand,  'sendmailpipe');
Set($SendmailPath, "$ENV{RT_HOME}/swallow-mail");

# Otherwise RT takes whichever converter of HTML is installed.
Set($HTMLFormatter, 'core');

Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');

1;
