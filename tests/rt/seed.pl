# Fills a new Request Tracker with what the tests count on (README.md); ./rt runs it. It can be run again: what is there stays, the
# tokens are replaced. Prints the tokens as lines for a shell, because RT shows a token only once.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT;

RT->LoadConfig;
RT->Init;

my @queues = (
    named('RT::Queue', Name => 'General'),
    named('RT::Queue', Name => 'Support', Description => 'Questions of customers'),
    named('RT::Queue', Name => 'Billing', Description => 'Invoices and payments'),
);
my ($general, $support) = @queues;
named('RT::Queue', Name => 'Development', Description => 'Statuses of its own', Lifecycle => 'development');

my @agents = map {
    user("agent$_", EmailAddress => "agent$_\@example.com", RealName => "Agent $_", Password => password(), Privileged => 1)
} 1, 2;
user("customer$_\@example.org", EmailAddress => "customer$_\@example.org", RealName => "Customer $_") for 1 .. 3;

# RT reads the dates of a search in the zone of the user who searches.
my $root = user('root');
checked($root->SetTimezone('Europe/Berlin')) if ($root->Timezone // '') ne 'Europe/Berlin';

my $team = RT::Group->new(RT->SystemUser);
$team->LoadUserDefinedGroup('Support team');
checked($team->CreateUserDefinedGroup(Name => 'Support team')) unless $team->id;
for my $agent (@agents) {
    checked($team->AddMember($agent->PrincipalId)) unless $team->HasMember($agent->PrincipalId);
}

# What agents may do, in two of the queues. Without ReassignTicket they take and steal tickets, but do not give away those of others.
grant($_, qw(
    SeeQueue ShowTicket ShowTicketComments ShowOutgoingEmail SeeCustomField Watch WatchAsAdminCc
    CreateTicket ReplyToTicket CommentOnTicket ForwardMessage ModifyTicket ModifyCustomField DeleteTicket
    OwnTicket TakeTicket StealTicket
)) for $general, $support;
# With it agents make their tokens themselves.
grant(RT->System, 'ManageAuthTokens');

custom_field('Severity', 'SelectSingle', 'Low', 'Medium', 'High');
custom_field('Tags', 'FreeformMultiple');
custom_field('External id', 'FreeformSingle');

print 'export DESKGATE_RT_TOKEN=',       token($root),      "\n";
print 'export DESKGATE_RT_AGENT_TOKEN=', token($agents[0]), "\n";

# Dies of the message when RT has refused something: its methods return what they made, or a false value, and a message.
sub checked {
    my ($made, $message) = @_;
    die "$message\n" unless $made;
    return;
}

sub named {
    my ($class, %columns) = @_;
    my $object = $class->new(RT->SystemUser);
    $object->Load($columns{Name});
    checked($object->Create(%columns)) unless $object->id;
    return $object;
}

sub user {
    my ($name, %columns) = @_;
    return named('RT::User', Name => $name, %columns);
}

sub grant {
    my ($object, @rights) = @_;
    for my $right (@rights) {
        next if $team->PrincipalObj->HasRight(Right => $right, Object => $object);
        checked($team->PrincipalObj->GrantRight(Right => $right, Object => $object));
    }
    return;
}

sub custom_field {
    my ($name, $type, @values) = @_;
    my $field = named('RT::CustomField', Name => $name, Type => $type, LookupType => RT::Ticket->CustomFieldLookupType);
    my %known = map { $_->Name => 1 } @{ $field->Values->ItemsArrayRef };
    for my $index (0 .. $#values) {
        checked($field->AddValue(Name => $values[$index], SortOrder => $index)) unless $known{ $values[$index] };
    }
    for my $queue (@queues) {
        checked($field->AddToObject($queue)) unless $field->IsAdded($queue->id);
    }
    return;
}

# Makes a token of the user's, in place of the one of an earlier run.
sub token {
    my ($user) = @_;
    my $tokens = RT::AuthTokens->new(RT->SystemUser);
    $tokens->Limit(FIELD => 'Owner',       VALUE => $user->id);
    $tokens->Limit(FIELD => 'Description', VALUE => 'deskgate tests');
    checked($_->Delete) for @{ $tokens->ItemsArrayRef };
    my ($id, $message, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->id, Description => 'deskgate tests');
    checked($id, $message);
    return $token;
}

sub password {
    open my $file, '<', "$ENV{RT_HOME}/password" or die "no password: $!\n";
    chomp(my $password = <$file>);
    return $password;
}
