package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/lab/world"
)

func (b *bench) popLogin(who, mailbox string) *talk {
	b.t.Helper()
	k := b.dial(world.POP3)
	k.wantPrefix("+OK The Microsoft Exchange POP3 service is ready. [")
	k.send("AUTH XOAUTH2")
	k.want("+ ")
	k.send("%s", blob(mailbox, b.token(grant{who: who})))
	k.want("+OK User successfully authenticated.")
	return k
}

// ask sends a command with an answer of one line.
func (k *talk) ask(command string) string {
	k.t.Helper()
	k.send("%s", command)
	return k.read()
}

// askMany sends a command with an answer of many lines.
func (k *talk) askMany(command string) []string {
	k.t.Helper()
	k.send("%s", command)
	k.wantPrefix("+OK")
	for lines := []string{}; ; {
		line := k.read()
		if line == "." {
			return lines
		}
		lines = append(lines, line)
	}
}

func TestPOP3BeforeLogin(t *testing.T) {
	b := newBench(t)
	k := b.dial(world.POP3)
	k.read()
	if got := k.askMany("CAPA"); !slices.Equal(got, []string{"TOP", "UIDL", "SASL PLAIN XOAUTH2", "USER"}) {
		t.Errorf("CAPA: %q", got)
	}
	for command, want := range map[string]string{
		"STAT": "-ERR Command is not valid in this state.", "RETR 1": "-ERR Command is not valid in this state.", "NONSENSE": "-ERR Protocol error. 14",
		"USER " + world.Support: "+OK", "PASS x": "-ERR Logon failure: unknown user name or bad password.", "AUTH PLAIN": popRefused,
		"AUTH": popRefused,
	} {
		if got := k.ask(command); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	// The message on the line of the command is refused, however good it is.
	if got := k.ask("AUTH XOAUTH2 " + blob(world.Support, "short")); got != popRefused {
		t.Errorf("one-line form: %q", got)
	}
	if got := k.ask("QUIT"); !strings.HasPrefix(got, "+OK") {
		t.Error(got)
	}
	k.gone()
	k = b.dial(world.POP3)
	k.read()
	if got := k.ask("AUTH XOAUTH2 " + blob(world.Support, b.token(grant{who: world.Support}))); got != "-ERR Protocol error. Connection is closed. 10" {
		t.Errorf("one-line form beyond the length of a line: %q", got)
	}
	k.gone()
}

func TestPOP3Maildrop(t *testing.T) {
	b := newBench(t)
	const raw = "Subject: dots\r\n\r\n.first\r\nsecond\r\n..third\r\n"
	b.state(func(s *world.State) {
		f := s.Mailbox(world.Sales).Inbox
		f.Messages = f.Messages[:1]
		s.Deliver(f, []byte(raw))
	})
	k := b.popLogin(world.SignInAccount, world.Sales)
	size := 0
	b.state(func(s *world.State) { size = len(s.Mailbox(world.Sales).Inbox.Messages[0].Raw) })
	for command, want := range map[string]string{
		"STAT": fmt.Sprintf("+OK 2 %d", size+len(raw)), "LIST 2": fmt.Sprintf("+OK 2 %d", len(raw)), "UIDL 2": "+OK 2 14-4", "NOOP": "+OK",
		"LIST 3": "-ERR The specified message is out of range.", "UIDL x": "-ERR The specified message is out of range.",
		"RETR 0": "-ERR The specified message is out of range.", "TOP 1": "-ERR The specified message is out of range.",
		"TOP 1 -1": "-ERR The specified message is out of range.", "AUTH XOAUTH2": "-ERR Command is not valid in this state.",
	} {
		if got := k.ask(command); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	if got := k.askMany("LIST"); !slices.Equal(got, []string{fmt.Sprintf("1 %d", size), fmt.Sprintf("2 %d", len(raw))}) {
		t.Errorf("LIST: %q", got)
	}
	if got := k.askMany("UIDL"); !slices.Equal(got, []string{"1 14-1", "2 14-4"}) {
		t.Errorf("UIDL: %q", got)
	}
	if got := k.askMany("RETR 2"); !slices.Equal(got, []string{"Subject: dots", "", "..first", "second", "...third"}) {
		t.Errorf("RETR: %q", got)
	}
	if got := k.askMany("TOP 2 1"); !slices.Equal(got, []string{"Subject: dots", "", "..first"}) {
		t.Errorf("TOP: %q", got)
	}
	if got := k.askMany("TOP 2 0"); !slices.Equal(got, []string{"Subject: dots", ""}) {
		t.Errorf("TOP 0: %q", got)
	}
	if c := b.world.Counters(); c.Retrieved != 1 || c.Deleted != 0 {
		t.Errorf("counted %d retrieved and %d deleted", c.Retrieved, c.Deleted)
	}
}

func TestPOP3Deletion(t *testing.T) {
	b := newBench(t)
	count := func() (n int) {
		b.state(func(s *world.State) { n = len(s.Mailbox(world.Support).Inbox.Messages) })
		return n
	}
	k := b.popLogin(world.Support, world.Support)
	k.ask("DELE 1")
	if got := k.ask("DELE 1"); !strings.HasPrefix(got, "-ERR") {
		t.Errorf("deleting twice: %q", got)
	}
	k.ask("RSET")
	k.ask("DELE 2")
	if got := k.askMany("LIST"); len(got) != 2 {
		t.Errorf("LIST after DELE: %q", got)
	}
	if count() != 3 {
		t.Error("deleted before QUIT")
	}
	k.ask("QUIT")
	k.gone()
	if count() != 2 || b.world.Counters().Deleted != 2 {
		t.Errorf("%d messages left, %d deletions counted; want 2 and 2", count(), b.world.Counters().Deleted)
	}
	// A connection that breaks removes nothing (RFC 1939 §6).
	k = b.popLogin(world.Support, world.Support)
	k.ask("DELE 1")
	k.nc.Close()
	if count() != 2 {
		t.Error("deleted without QUIT")
	}
}

func TestPOP3ConnectionLimit(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Exchange.MaxConnections = 1 })
	b.popLogin(world.Support, world.Support)
	k := b.dial(world.POP3)
	k.read()
	k.ask("AUTH XOAUTH2")
	if got := k.ask(blob(world.Support, b.token(grant{who: world.Support}))); got != popRefused {
		t.Errorf("%q", got)
	}
}
