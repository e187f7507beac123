package exchange_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// A situation is a state and what is done in it; it returns the lines that the
// server says then, IMAP's tag being A.
type situation func(b *bench) []string

// opens logs in over IMAP as somebody to a mailbox and sends one command.
func opens(who, mailbox, command string, state func(*world.State)) situation {
	return func(b *bench) []string {
		if state != nil {
			b.state(state)
		}
		return b.imapLogin(who, mailbox).imap(command)
	}
}

// offers sends a token over IMAP or POP3 and returns the answer.
func offers(p world.Protocol, g grant, mailbox string, state func(*world.State)) situation {
	return func(b *bench) []string {
		if state != nil {
			b.state(state)
		}
		k := b.dial(p)
		k.read()
		if p == world.IMAP {
			return k.imap("AUTHENTICATE XOAUTH2 " + blob(mailbox, b.token(g)))
		}
		k.send("AUTH XOAUTH2")
		k.want("+ ")
		k.send("%s", blob(mailbox, b.token(g)))
		return []string{k.read()}
	}
}

// submits says lines to a submission server under TLS and returns the answer
// to the last one.
func submits(b *bench, lines ...string) []string {
	k := b.smtpReady()
	return k.after(lines...)
}

func (k *talk) after(lines ...string) []string {
	k.t.Helper()
	var said []string
	for _, l := range lines {
		k.send("%s", l)
		for said = []string{k.read()}; len(said[len(said)-1]) > 3 && said[len(said)-1][3] == '-'; {
			said = append(said, k.read())
		}
	}
	return said
}

func auth(g grant, user string, state func(*world.State)) situation {
	return func(b *bench) []string {
		if state != nil {
			b.state(state)
		}
		return submits(b, "AUTH XOAUTH2 "+blob(user, b.token(g)))
	}
}

// sends submits a message from an address as the sign-in account.
func sends(from string, state func(*world.State), more ...string) situation {
	return func(b *bench) []string {
		if state != nil {
			b.state(state)
		}
		return b.smtpLogin(world.SignInAccount).after(append([]string{"MAIL FROM:<" + from + ">"}, more...)...)
	}
}

func mailbox(address string, f func(*world.State, *world.Mailbox)) func(*world.State) {
	return func(s *world.State) { f(s, s.Mailbox(address)) }
}

var (
	own    = grant{who: world.Support}
	graph  = grant{who: world.Support, aud: "https://graph.microsoft.com"}
	helper = grant{who: world.SignInAccount}
	off    = mailbox(world.Support, func(_ *world.State, m *world.Mailbox) { m.IMAP = false })
	offNow = mailbox(world.Support, func(s *world.State, m *world.Mailbox) { m.IMAP, s.Exchange.IMAPOffAtOnce = false, true })
	noPOP  = mailbox(world.Support, func(_ *world.State, m *world.Mailbox) { m.POP = false })
	locked = mailbox(world.Sales, func(_ *world.State, m *world.Mailbox) { m.FullAccess, m.SendAs = nil, nil })
)

// situations leads to each recorded line that a state can produce.
var situations = map[string]situation{
	"imap_greeting": func(b *bench) []string { return []string{b.dial(world.IMAP).read()} },
	"imap_capability": func(b *bench) []string {
		k := b.dial(world.IMAP)
		k.read()
		return k.imap("CAPABILITY")
	},
	"imap_authenticated":              offers(world.IMAP, own, world.Support, nil),
	"imap_authenticate_failed_own":    offers(world.IMAP, own, world.Support, offNow),
	"imap_authenticate_failed_shared": offers(world.IMAP, helper, "nobody@lab.example", nil),
	"imap_authenticate_failed_graph":  offers(world.IMAP, graph, world.Support, nil),
	"imap_not_connected_own":          opens(world.Support, world.Support, "EXAMINE INBOX", off),
	"imap_not_connected_shared":       opens(world.SignInAccount, world.Sales, "SELECT INBOX", locked),
	"imap_not_connected_other":        opens(world.Administrator, world.Support, "NAMESPACE", nil),
	"imap_not_connected_proven":       opens(world.SignInAccount, world.Sales, `LIST "" *`, locked),
	"imap_not_connected_own twice": func(b *bench) []string {
		b.state(off)
		k := b.imapLogin(world.Support, world.Support)
		k.imap("NAMESPACE")
		return append(k.imap("EXAMINE INBOX"), k.read())
	},
	"imap_bye_14": func(b *bench) []string {
		b.state(off)
		k := b.imapLogin(world.Support, world.Support)
		k.imap("NAMESPACE")
		k.imap("EXAMINE INBOX")
		return []string{k.read()}
	},
	"imap_throttled": func(b *bench) []string {
		k := b.imapLogin(world.Support, world.Support)
		b.state(func(s *world.State) { s.Exchange.Throttled = true })
		return append(k.imap("EXAMINE INBOX"), k.read())
	},
	"imap_token_expired": func(b *bench) []string {
		k := b.imapLogin(world.Support, world.Support)
		b.pass(2 * time.Hour)
		k.send("A NOOP")
		return []string{k.read()}
	},
	"imap_login_failed": func(b *bench) []string {
		k := b.dial(world.IMAP)
		k.read()
		return k.imap("LOGIN support password")
	},
	"imap_idle": func(b *bench) []string {
		k := b.imapLogin(world.Support, world.Support)
		k.imap("EXAMINE INBOX")
		k.send("A IDLE")
		return []string{k.read()}
	},

	"pop3_greeting": func(b *bench) []string { return []string{b.dial(world.POP3).read()} },
	"pop3_capability": func(b *bench) []string {
		k := b.dial(world.POP3)
		k.read()
		k.send("CAPA")
		return k.until(".")
	},
	"pop3_authenticated":  offers(world.POP3, own, world.Support, nil),
	"pop3_refused_own":    offers(world.POP3, own, world.Support, noPOP),
	"pop3_refused_shared": offers(world.POP3, helper, world.Sales, locked),
	"pop3_refused_other":  offers(world.POP3, grant{who: world.Administrator}, world.Support, nil),
	"pop3_refused_graph":  offers(world.POP3, graph, world.Support, nil),
	"pop3_protocol_error": func(b *bench) []string {
		k := b.dial(world.POP3)
		k.read()
		k.send("AUTH XOAUTH2 " + blob(world.Support, b.token(own)))
		return []string{k.read()}
	},
	"pop3_logon_failure": func(b *bench) []string {
		k := b.dial(world.POP3)
		k.read()
		return k.after("USER support", "PASS password")
	},

	"smtp_greeting": func(b *bench) []string { return []string{b.dial(world.SMTP).read()} },
	"smtp_ehlo":     func(b *bench) []string { return submits(b, "EHLO client.example") },
	"smtp_ehlo before": func(b *bench) []string {
		k := b.dial(world.SMTP)
		k.read()
		return k.after("EHLO client.example")
	},
	"smtp_starttls": func(b *bench) []string {
		k := b.dial(world.SMTP)
		k.read()
		return k.after("EHLO client.example", "STARTTLS")
	},
	"smtp_authenticated":        auth(own, world.Support, nil),
	"smtp_sender_ok":            sends(world.Sales, nil),
	"smtp_refused_shared":       auth(helper, world.Sales, nil),
	"smtp_refused_own":          auth(grant{who: world.Administrator}, world.Support, nil),
	"smtp_refused_graph":        auth(graph, world.Support, nil),
	"smtp_auth_disabled_tenant": auth(own, world.Support, func(s *world.State) { s.Tenants[0].SMTPAuthDisabled = true }),
	"smtp_auth_disabled_mailbox": auth(own, world.Support,
		mailbox(world.Support, func(_ *world.State, m *world.Mailbox) { m.SMTPAuth = world.Off })),
	"smtp_basic_disabled":         func(b *bench) []string { return submits(b, "AUTH LOGIN", "dQ==", "cA==") },
	"smtp_unrecognized_mechanism": func(b *bench) []string { return submits(b, "AUTH PLAIN AHUAcA==") },
	"smtp_not_authenticated":      func(b *bench) []string { return submits(b, "MAIL FROM:<support@lab.example>") },
	"smtp_send_as": sends(world.Sales, func(s *world.State) {
		locked(s)
		s.Exchange.SendAsEarly = true
	}),
	"smtp_send_as_exception": sends(world.Sales, locked, "RCPT TO:<"+world.Sales+">", "DATA", "From: <"+world.Sales+">\r\n\r\nhello\r\n."),
	"smtp_starttls_required": func(b *bench) []string {
		k := b.dial(world.SMTP)
		k.read()
		return k.after("EHLO client.example", "MAIL FROM:<support@lab.example>")
	},
	"smtp_concurrent": func(b *bench) []string {
		for range 3 {
			b.smtpLogin(world.SignInAccount)
		}
		return sends(world.SignInAccount, nil, "RCPT TO:<"+world.Sales+">", "DATA")(b)
	},
}

// matches compares lines with one form of the item, variables apart.
func matches(said []string, r corpus.Reply) bool {
	return slices.EqualFunc(said, r.Lines, func(got, listed string) bool {
		listed = strings.Replace(listed, "{tag}", "A", 1)
		pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(listed), `\S.*?`)
		return regexp.MustCompile("^" + pattern + "$").MatchString(got)
	})
}

// Where a state leads to an answer, the state's lines are the recorded ones.
func TestStateSpeaksAsRecorded(t *testing.T) {
	all, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range situations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, _, _ := strings.Cut(name, " ")
			item, ok := all.Find(id)
			if !ok {
				t.Fatal("no such item")
			}
			said := do(newBench(t))
			if !slices.ContainsFunc(item.Replies(), func(r corpus.Reply) bool { return matches(said, r) }) {
				t.Errorf("said   %q\nlisted %q", said, item.Lines)
			}
		})
	}
}

// Everything that reports no fault, and every refusal the servers know, is
// compared above, under one of the items that share the words.
func TestEveryRecordedLineOfTheServersIsCompared(t *testing.T) {
	all, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range []string{"imap.go", "pop3.go", "smtp.go", "smtp_data.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	compared := map[string]bool{}
	for name := range situations {
		id, _, _ := strings.Cut(name, " ")
		item, _ := all.Find(id)
		compared[strings.Join(item.Lines, "\n")] = true
	}
	words := regexp.MustCompile(`[A-Z][A-Za-z;,' ]{15,}`)
	for _, item := range all.Items {
		if compared[strings.Join(item.Lines, "\n")] || !item.Where[0].Mail() {
			continue
		}
		for _, line := range item.Lines {
			if w := words.FindString(line); w != "" && strings.Contains(source.String(), w) {
				t.Errorf("%s: the servers say %q by state, and it is compared with no recording", item.ID, w)
			}
		}
		if item.Code == "" {
			t.Errorf("%s reports no fault and is compared with nothing", item.ID)
		}
	}
}
