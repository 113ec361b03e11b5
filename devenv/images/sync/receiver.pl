# Runs in a node and writes files into containers there: `perl -e PROGRAM TASKS`, TASKS being containerd's folder of them.
#
# A container's root is written to from the node's side, where it is writable whatever the container itself may do. What
# lies in it is untrusted: a process of its own changes its root to it first, so that no link leads anywhere else.
# Perl, since every Debian has it, and a node image little else that can do so.
use strict;
use warnings;
use Cwd ();
use Fcntl qw(:DEFAULT :mode);
use POSIX ();

my ($tasks) = @ARGV;
my $SUPERVISOR = '/run/devenv-supervisor/supervise';
my $SECONDS = 120;
my $LONGEST = 1400;
my $temporary;
umask 0;
$SIG{PIPE} = 'DEFAULT';
binmode STDIN;
binmode STDOUT;
Cwd::abs_path('/');    # what it needs is loaded before there is another root

sub say_line { syswrite STDOUT, join(' ', @_) . "\n" }

sub next_line {
    my $line = <STDIN>;
    defined $line or exit 0;
    chomp $line;
    return $line;
}

while (1) {
    my (undef, $containers, $entries, $commands, $restart) = split / /, next_line();
    my @ids = map { next_line() } 1 .. $containers;
    my @entries = map { entry() } 1 .. $entries;
    my @commands = map { [ map { pack 'H*', $_ } split / /, next_line() ] } 1 .. $commands;
    my @children = map { my $id = $_; in_child(sub { serve($id, \@entries, \@commands, $restart) }) } @ids;
    waitpid $_, 0 for @children;
    say_line('over');
}

sub entry {
    my ($kind, $path, $mode, $set, $size) = split / /, next_line();
    my $content = '';
    while (length $content < $size) {
        read(STDIN, $content, $size - length $content, length $content) or exit 0;
    }
    return { kind => $kind, path => pack('H*', $path), mode => oct $mode, set => $set, content => $content };
}

sub in_child {
    my ($body) = @_;
    my $child = fork;
    die "fork: $!\n" unless defined $child;
    return $child if $child;
    my $done = eval { $body->(); 1 };
    say_line('failed', '-', unpack 'H*', $@) unless $done;
    POSIX::_exit($done ? 0 : 1);
}

sub serve {
    my ($id, $entries, $commands, $restart) = @_;
    $id =~ /^[0-9a-f]{1,128}$/ or return say_line('gone', $id);
    my ($pid, @mounts) = running($id);
    return say_line('gone', $id) unless $pid;
    my $writer = in_child(sub { write_all($id, $entries, \@mounts) });
    waitpid $writer, 0;
    return if $?;
    for my $number (0 .. $#$commands) {
        my ($status, $output) = run_inside($id, $number, @{ $commands->[$number] });
        say_line('ran', $id, $number, $status, unpack 'H*', $output);
        return if $status;
    }
    # To any other program the signal would be its end.
    kill 'HUP', $pid if $restart && (readlink("/proc/$pid/exe") // '') eq $SUPERVISOR;
    say_line('done', $id);
}

# The process of a container, and where volumes hide its own files.
sub running {
    my ($id) = @_;
    open my $file, '<', "$tasks/$id/init.pid" or return;
    my ($pid) = (<$file> // '') =~ /^(\d+)$/ or return;
    open my $mounts, '<', "/proc/$pid/mountinfo" or return;
    my @places = grep { $_ ne '/' } map { (split / /)[4] } <$mounts>;
    s/\\([0-7]{3})/chr oct $1/ge for @places;
    return ($pid, @places);
}

sub write_all {
    my ($id, $entries, $mounts) = @_;
    chroot "$tasks/$id/rootfs" and chdir '/' or return gone($id);
    $temporary = "/.devenv-sync-$$";
    my $path = '';
    my $done = eval {
        for my $entry (@$entries) {
            $path = $entry->{path};
            write_one($entry, $mounts);
        }
        1;
    };
    return if $done;
    my $why = $@;
    unlink $temporary;
    say_line('failed', $id, unpack 'H*', "$path: $why");
    POSIX::_exit(1);
}

sub gone {
    say_line('gone', @_);
    POSIX::_exit(1);
}

sub write_one {
    my ($entry, $mounts) = @_;
    my ($above, $name) = $entry->{path} =~ m{^(/.*?)/?([^/]+)$}s or die "not a place for a file\n";
    if ($entry->{kind} eq 'remove') {
        return unless -d $above;
        my $path = visible($above, $name, $mounts);
        return remove($path);
    }
    make_folders($above);
    my $path = visible($above, $name, $mounts);
    my @there = lstat $path;
    my @like = @there && !S_ISDIR($there[2]) ? @there : stat $above;
    return make_folder($entry, $path, @like) if $entry->{kind} eq 'folder';
    remove($path) if @there && S_ISDIR($there[2]);
    unlink $temporary;
    if ($entry->{kind} eq 'link') {
        symlink $entry->{content}, $temporary or die "$!\n";
        POSIX::lchown($like[4], $like[5], $temporary);
    }
    else {
        my $mode = !$entry->{set} && @there && S_ISREG($there[2]) ? $there[2] & 07777 : $entry->{mode};
        fill($entry->{content}, $mode, $like[4], $like[5]);
    }
    rename $temporary, $path or die "$!\n";
}

sub fill {
    my ($content, $mode, $owner, $group) = @_;
    sysopen my $file, $temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600 or die "$!\n";
    my $written = 0;
    while ($written < length $content) {
        my $more = syswrite $file, $content, length($content) - $written, $written;
        defined $more or die "$!\n";
        $written += $more;
    }
    chown $owner, $group, $file or die "$!\n";
    chmod $mode, $file or die "$!\n";    # after the owner, which takes some bits away
    close $file or die "$!\n";
}

sub make_folder {
    my ($entry, $path, @like) = @_;
    if (-d $path) {
        chmod $entry->{mode}, $path or die "$!\n" if $entry->{set};
        return;
    }
    unlink $path;
    mkdir $path, $entry->{mode} or die "$!\n";
    chown $like[4], $like[5], $path or die "$!\n";
    chmod $entry->{mode}, $path or die "$!\n";
}

sub make_folders {
    my ($wanted) = @_;
    my $path = '';
    for my $name (grep { length } split m{/}, $wanted) {
        my @like = stat($path eq '' ? '/' : $path);
        $path .= "/$name";
        next if -d $path;
        unlink $path;
        mkdir $path, 0755 or die "$path: $!\n";
        chown $like[4], $like[5], $path or die "$!\n";
    }
}

# The place as it is without links above it; dies where a volume lies over it.
sub visible {
    my ($above, $name, $mounts) = @_;
    my $real = Cwd::abs_path($above) // die "$!\n";
    my $path = $real eq '/' ? "/$name" : "$real/$name";
    for my $mount (@$mounts) {
        die "a volume is mounted at $mount\n" if $path eq $mount or index($path, "$mount/") == 0;
    }
    return $path;
}

# Links are removed, never followed.
sub remove {
    my ($path) = @_;
    my @there = lstat $path or return;
    if (!S_ISDIR($there[2])) {
        unlink $path or die "$!\n";
        return;
    }
    opendir my $folder, $path or die "$!\n";
    my @names = grep { $_ ne '.' && $_ ne '..' } readdir $folder;
    closedir $folder;
    remove("$path/$_") for @names;
    rmdir $path or die "$!\n";
}

# As the user, and with the rights, of the container's own program.
sub run_inside {
    my ($id, $number, @command) = @_;
    pipe my $from, my $into or die "pipe: $!\n";
    my $child = fork;
    die "fork: $!\n" unless defined $child;
    if (!$child) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $into;
        open STDERR, '>&', $into;
        alarm $SECONDS;
        { exec 'ctr', '--namespace=k8s.io', 'tasks', 'exec', '--exec-id', "devenv-$$-$number", $id, @command }
        POSIX::_exit(127);
    }
    close $into;
    my $output = '';
    while (sysread $from, my $part, 65536) {
        $output .= $part;
        $output = substr $output, -$LONGEST if length $output > $LONGEST;
    }
    waitpid $child, 0;
    return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $output);
}
