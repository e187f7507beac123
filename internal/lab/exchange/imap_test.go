package exchange_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"latchkey/internal/lab/world"
)

func TestIMAPGreetingAndCapabilities(t *testing.T) {
	b := newBench(t)
	k := b.dial(world.IMAP)
	greeting := k.wantPrefix("* OK The Microsoft Exchange IMAP4 service is ready. [")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(greeting[strings.IndexByte(greeting, '[')+1:], "]"))
	if err != nil {
		t.Fatal(err)
	}
	var units []uint16
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])|uint16(raw[i+1])<<8)
	}
	if name := string(utf16.Decode(units)); !strings.HasSuffix(name, ".PROD.OUTLOOK.COM") {
		t.Errorf("server name %q", name)
	}
	const before = "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
	if got := k.imap("CAPABILITY"); got[0] != before || got[1] != "A OK CAPABILITY completed." {
		t.Errorf("before: %q", got)
	}
	k = b.imapLogin(world.Support, world.Support)
	if got := k.imap("CAPABILITY")[0]; !strings.Contains(got, " MOVE ") || !strings.Contains(got, " BACKENDAUTHENTICATE ") {
		t.Errorf("after: %q", got)
	}
}

func TestIMAPRefusesPasswordsAndOtherMechanisms(t *testing.T) {
	b := newBench(t)
	k := b.dial(world.IMAP)
	k.read()
	var password string
	b.state(func(s *world.State) { password = s.UserByName(world.Support).Password })
	if got := last(k.imap(fmt.Sprintf("LOGIN %s %s", world.Support, password))); got != "A NO LOGIN failed." {
		t.Error(got)
	}
	if got := last(k.imap("AUTHENTICATE PLAIN AHgAeA==")); got != "A NO AUTHENTICATE failed." {
		t.Error(got)
	}
	// Neither command takes what only XOAUTH2 may say.
	good := blob(world.Support, b.token(grant{who: world.Support}))
	if got := last(k.imap("AUTHENTICATE PLAIN " + good)); got != "A NO AUTHENTICATE failed." {
		t.Error(got)
	}
	if got := last(k.imap("LOGIN XOAUTH2 " + good)); got != "A NO LOGIN failed." {
		t.Error(got)
	}
	k.send("A AUTHENTICATE XOAUTH2")
	k.want("+ ")
	k.send("*")
	k.wantPrefix("A BAD ")
	if got := last(k.imap("AUTHENTICATE")); !strings.HasPrefix(got, "A BAD ") {
		t.Error(got)
	}
}

func TestIMAPStates(t *testing.T) {
	b := newBench(t)
	k := b.dial(world.IMAP)
	k.read()
	for _, command := range []string{"SELECT INBOX", "LIST \"\" *", "FETCH 1 FLAGS"} {
		if got := last(k.imap(command)); got != "A BAD Command received in Invalid state." {
			t.Errorf("%s before login: %q", command, got)
		}
	}
	k = b.imapLogin(world.Support, world.Support)
	for command, want := range map[string]string{
		"FETCH 1 FLAGS": "A BAD Command received in Invalid state.", "AUTHENTICATE XOAUTH2 x": "A BAD Command received in Invalid state.",
		"FROBNICATE": "A BAD Command Error. 12", "SELECT": "A BAD Command Argument Error. 11", `LIST "" (`: "A BAD Command Argument Error. 11",
		`SELECT "INBOX`: "A BAD Command Argument Error. 11", "SELECT Nowhere": "A NO Nowhere doesn't exist.",
		"LIST x": "A BAD Command Argument Error. 11", "STATUS INBOX": "A BAD Command Argument Error. 11", "STATUS INBOX MESSAGES": "A BAD Command Argument Error. 11",
		"STATUS Nowhere (MESSAGES)": "A NO Nowhere doesn't exist.",
	} {
		if got := last(k.imap(command)); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	for _, line := range []string{"", "12}", "A"} {
		k.send("%s", line)
		k.want("* BAD Command Error. 12")
	}
	for _, command := range []string{
		"LIST {3", "LIST }", "LIST {x}", `LIST "" *)`, `LIST "" {3`, `LIST "a\`, `LIST "" ` + strings.Repeat("(", 9) + strings.Repeat(")", 9),
	} {
		if got := last(k.imap(command)); !strings.HasPrefix(got, "A BAD ") {
			t.Errorf("%s: %q", command, got)
		}
	}
	if got := k.imap("LOGOUT"); !strings.HasPrefix(got[0], "* BYE ") || last(got) != "A OK LOGOUT completed." {
		t.Errorf("LOGOUT: %q", got)
	}
	k.gone()
}

// The mailbox behind a good token may be missing: the first command says so,
// the second one is the last.
func TestIMAPNotConnected(t *testing.T) {
	for _, command := range []string{"NAMESPACE", `LIST "" "*"`, "SELECT INBOX", "EXAMINE INBOX", "STATUS INBOX (MESSAGES)"} {
		b := newBench(t)
		k := b.imapLogin(world.Operator, world.Support)
		if got := last(k.imap("CAPABILITY")); got != "A OK CAPABILITY completed." {
			t.Error(got)
		}
		k.send("A %s", command)
		k.want(notConnected)
		k.send("A %s", command)
		k.want(notConnected)
		k.want("* BYE Connection closed. 14")
		k.gone()
	}
}

func TestIMAPThrottled(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Exchange.Throttled = true })
	k := b.imapLogin(world.Support, world.Support)
	k.send("A SELECT INBOX")
	k.want("A NO Request is throttled. Suggested Backoff Time: 299961 milliseconds")
	k.wantPrefix("* BYE ")
	k.gone()
}

func TestIMAPEndsWithTheToken(t *testing.T) {
	b := newBench(t)
	k := b.imapLogin(world.Support, world.Support)
	b.pass(59 * time.Minute)
	if got := last(k.imap("EXAMINE INBOX")); !strings.HasPrefix(got, "A OK") {
		t.Fatal(got)
	}
	b.pass(time.Minute)
	k.send("A NOOP")
	k.want("* BYE Session invalidated - AccessTokenExpired")
	k.gone()

	k = b.imapLogin(world.Support, world.Support)
	k.imap("SELECT INBOX")
	k.send("A IDLE")
	k.want("+ IDLE accepted, awaiting DONE command.")
	b.pass(2 * time.Hour)
	k.want("* BYE Session invalidated - AccessTokenExpired")
	k.gone()
}

func TestIMAPFolders(t *testing.T) {
	b := newBench(t)
	k := b.imapLogin(world.Support, world.Support)
	for pattern, want := range map[string]int{`"*"`: 2, `"%"`: 2, `INBOX`: 1, `"inb%"`: 1, `"Sent*"`: 1, `"*Items"`: 1, `"In*Items"`: 0, `"x*"`: 0, `"s*t*s"`: 1, `"*zz*"`: 0} {
		if got := k.imap(`LIST "" ` + pattern); len(got)-1 != want {
			t.Errorf("LIST %s: %q, want %d folders", pattern, got, want)
		}
	}
	if got := k.imap(`LIST "" ""`); got[0] != `* LIST (\Noselect) "/" ""` {
		t.Errorf("delimiter: %q", got)
	}
	if got := k.imap("NAMESPACE"); got[0] != `* NAMESPACE (("" "/")) NIL NIL` {
		t.Error(got)
	}
	if got := k.imap("STATUS INBOX (MESSAGES UNSEEN UIDNEXT)"); got[0] != "* STATUS INBOX (MESSAGES 3 UNSEEN 3 UIDNEXT 4)" {
		t.Error(got)
	}
	if got := k.imap(`STATUS "Sent Items" (MESSAGES)`); got[0] != `* STATUS "Sent Items" (MESSAGES 0)` {
		t.Error(got)
	}
	if got := k.imap("ID NIL"); !strings.HasPrefix(got[0], "* ID (") {
		t.Error(got)
	}
	got := k.imap("SELECT inbox")
	for _, line := range []string{"* 3 EXISTS", "* 0 RECENT", "* OK [UIDVALIDITY 14] UIDVALIDITY value", "* OK [UIDNEXT 4] The next unique identifier value"} {
		if !slices.Contains(got, line) {
			t.Errorf("SELECT does not say %q: %q", line, got)
		}
	}
	if last(got) != "A OK [READ-WRITE] SELECT completed." {
		t.Error(last(got))
	}
	if !slices.Contains(got, "* OK [UNSEEN 1] Is the first unseen message") || !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, "PERMANENTFLAGS (\\Seen") }) {
		t.Errorf("SELECT: %q", got)
	}
	b.state(func(s *world.State) {
		for _, m := range s.Mailbox(world.Support).Inbox.Messages {
			m.Flags = []string{`\Seen`}
		}
	})
	got = k.imap("EXAMINE INBOX")
	if last(got) != "A OK [READ-ONLY] EXAMINE completed." || !slices.Contains(got, "* OK [PERMANENTFLAGS ()] Permanent flags") ||
		strings.Contains(strings.Join(got, " "), "[UNSEEN") {
		t.Errorf("EXAMINE: %q", got)
	}
	for _, command := range []string{"CLOSE", "CHECK"} {
		if got := last(k.imap(command)); command == "CLOSE" && got != "A OK CLOSE completed." || command == "CHECK" && !strings.HasPrefix(got, "A BAD") {
			t.Errorf("%s: %q", command, got)
		}
	}
}

func TestIMAPFetch(t *testing.T) {
	b := newBench(t)
	var raw string
	b.state(func(s *world.State) {
		f := s.Mailbox(world.Support).Inbox
		f.Messages = f.Messages[:0]
		raw = "From: \"Ann, A.\" <ann@contoso.example>\r\nTo: support@lab.example, Bob <bob@contoso.example>\r\nSubject: a \"quoted\" \\ word\r\n" +
			"Date: Sat, 21 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@contoso.example>\r\nX-Folded: one\r\n two\r\n\r\nfirst\r\nsecond\r\n"
		s.Deliver(f, []byte(raw))
	})
	k := b.imapLogin(world.Support, world.Support)
	k.imap("EXAMINE INBOX")
	body := func(text string) string { return fmt.Sprintf("{%d}\r\n%s", len(text), text) }
	head := raw[:strings.Index(raw, "\r\n\r\n")+4]
	tests := map[string]string{
		"FETCH 1 (FLAGS UID)":                         "* 1 FETCH (FLAGS () UID 4)",
		"UID FETCH 4 FLAGS":                           "* 1 FETCH (FLAGS () UID 4)",
		"UID FETCH 1:* (RFC822.SIZE)":                 fmt.Sprintf("* 1 FETCH (RFC822.SIZE %d UID 4)", len(raw)),
		"FETCH 1 INTERNALDATE":                        `* 1 FETCH (INTERNALDATE "21-Nov-2026 10:00:00 +0000")`,
		"FETCH 1 FAST":                                fmt.Sprintf(`* 1 FETCH (FLAGS () INTERNALDATE "21-Nov-2026 10:00:00 +0000" RFC822.SIZE %d)`, len(raw)),
		"FETCH 1 BODY.PEEK[]":                         "* 1 FETCH (BODY[] " + body(raw) + ")",
		"FETCH 1 BODY.PEEK[HEADER]":                   "* 1 FETCH (BODY[HEADER] " + body(head) + ")",
		"FETCH 1 RFC822.HEADER":                       "* 1 FETCH (RFC822.HEADER " + body(head) + ")",
		"FETCH 1 BODY.PEEK[TEXT]":                     "* 1 FETCH (BODY[TEXT] " + body("first\r\nsecond\r\n") + ")",
		"FETCH 1 BODY.PEEK[1]":                        "* 1 FETCH (BODY[1] " + body("first\r\nsecond\r\n") + ")",
		"FETCH 1 BODY.PEEK[TEXT]<3.4>":                "* 1 FETCH (BODY[TEXT]<3> " + body("st\r\n") + ")",
		"FETCH 1 BODY.PEEK[TEXT]<99.4>":               "* 1 FETCH (BODY[TEXT]<99> " + body("") + ")",
		"FETCH 1 BODY.PEEK[HEADER.FIELDS (X-FOLDED)]": "* 1 FETCH (BODY[HEADER.FIELDS (X-FOLDED)] " + body("X-Folded: one\r\n two\r\n\r\n") + ")",
		"FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (FROM TO SUBJECT DATE X-FOLDED)])": "* 1 FETCH (BODY[HEADER.FIELDS.NOT (FROM TO SUBJECT DATE X-FOLDED)] " +
			body("Message-ID: <1@contoso.example>\r\n\r\n") + ")",
		"FETCH 1 ENVELOPE": `* 1 FETCH (ENVELOPE ("Sat, 21 Nov 2026 09:00:00 +0000" "a \"quoted\" \\ word" (("Ann, A." NIL "ann" "contoso.example")) ` +
			`(("Ann, A." NIL "ann" "contoso.example")) (("Ann, A." NIL "ann" "contoso.example")) ` +
			`((NIL NIL "support" "lab.example")("Bob" NIL "bob" "contoso.example")) NIL NIL NIL "<1@contoso.example>"))`,
	}
	for command, want := range tests {
		got := k.imap(command)
		want = strings.ReplaceAll(want, "\r\n", "\n")
		if text := strings.Join(got[:len(got)-1], "\n"); text != want || !strings.HasPrefix(last(got), "A OK") {
			t.Errorf("%s:\n%s\nwant\n%s\n%s", command, text, want, last(got))
		}
	}
	for command, want := range map[string]string{
		"FETCH 2 FLAGS": "A BAD Command Argument Error. 11", "UID FETCH 99 FLAGS": "A OK UID FETCH completed.", "FETCH 1 NONSENSE": "A BAD Command Argument Error. 11",
		"FETCH": "A BAD Command Argument Error. 11", "FETCH (1) FLAGS": "A BAD Command Argument Error. 11", "UID FETCH x FLAGS": "A BAD Command Argument Error. 11",
		"FETCH x FLAGS": "A BAD Command Argument Error. 11", "FETCH 1": "A BAD Command Argument Error. 11", "FETCH 0 FLAGS": "A BAD Command Argument Error. 11",
		"FETCH 1 BODY.PEEK[7.MIME]": "A BAD Command Argument Error. 11",
	} {
		if got := last(k.imap(command)); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	if c := b.world.Counters(); c.FlagsChanged+c.Deleted+c.Selected != 0 {
		t.Errorf("reading with PEEK in a folder opened with EXAMINE was counted as a change: %+v", c)
	}
}

func TestIMAPSearch(t *testing.T) {
	b := newBench(t)
	var id string
	b.state(func(s *world.State) {
		f := s.Mailbox(world.Support).Inbox
		f.Messages[1].Flags = []string{`\Seen`}
		f.Messages[0].Received = time.Date(2026, 11, 1, 23, 59, 0, 0, time.UTC)
		f.Messages[1].Received = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
		f.Messages[2].Received = time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
		f.Messages = f.Messages[:3]
		_, after, _ := strings.Cut(string(f.Messages[2].Raw), "Message-ID: ")
		id, _, _ = strings.Cut(after, "\r\n")
		f.Messages[0].UID, f.Messages[1].UID, f.Messages[2].UID = 11, 12, 13
	})
	k := b.imapLogin(world.Support, world.Support)
	k.imap("EXAMINE INBOX")
	for command, want := range map[string]string{
		"SEARCH ALL":                                 "1 2 3",
		"UID SEARCH ALL":                             "11 12 13",
		"UID SEARCH HEADER Message-ID " + id:         "13",
		"UID SEARCH HEADER MESSAGE-ID \"" + id + `"`: "13",
		"UID SEARCH HEADER Message-ID <none@x>":      "",
		"UID SEARCH HEADER Subject \"\"":             "11 12 13",
		"UID SEARCH HEADER X-None \"\"":              "",
		"SEARCH UNSEEN":                              "1 3",
		"SEARCH SEEN":                                "2",
		"SEARCH SINCE 2-Nov-2026":                    "2 3",
		"SEARCH SINCE 2-Nov-2026 UNSEEN":             "3",
		"SEARCH BEFORE 2-Nov-2026":                   "1",
		"SEARCH SUBJECT invoice":                     "1",
		"SEARCH FROM CHRIS":                          "1 2 3",
		"SEARCH TO nobody":                           "",
		"SEARCH UID 12:*":                            "2 3",
		"UID SEARCH 2":                               "12",
		"SEARCH CHARSET UTF-8 SUBJECT invoice":       "1",
		"SEARCH (UNSEEN SINCE 2-Nov-2026)":           "3",
		"SEARCH UNDELETED":                           "1 2 3",
	} {
		if got := k.imap(command)[0]; strings.TrimSpace(strings.TrimPrefix(got, "* SEARCH")) != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	for _, command := range []string{"SEARCH", "SEARCH NONSENSE", "SEARCH (NONSENSE)", "SEARCH SINCE yesterday", "SEARCH HEADER Subject", "SEARCH UID x", "SEARCH CHARSET UTF-8"} {
		if got := last(k.imap(command)); got != "A BAD Command Argument Error. 11" {
			t.Errorf("%s: %q", command, got)
		}
	}
	// The name given as a literal, in both forms.
	k.send("A UID SEARCH HEADER Message-ID {%d+}\r\n%s", len(id), id)
	k.want("* SEARCH 13")
	k.until("A OK")
	k.send("A UID SEARCH HEADER Message-ID {%d}", len(id))
	k.wantPrefix("+ ")
	k.send("%s UNSEEN", id)
	k.want("* SEARCH 13")
	k.until("A OK")
	k.send("A UID SEARCH SUBJECT {1000000}")
	k.gone()
}

// Everything that changes a mailbox leaves a trace in the counters, so that a
// client can be proved to have changed nothing.
func TestIMAPChangesAreCounted(t *testing.T) {
	b := newBench(t)
	k := b.imapLogin(world.Support, world.Support)
	changes := func() (flags, deleted int) { c := b.world.Counters(); return c.FlagsChanged, c.Deleted }

	b.state(func(s *world.State) { s.Mailbox(world.Support).Inbox.Messages[2].Flags = []string{`\Deleted`} })
	k.imap("EXAMINE INBOX")
	for _, command := range []string{"FETCH 1 BODY[]", "FETCH 1 RFC822", "STORE 1 +FLAGS (\\Seen)", "EXPUNGE", "CLOSE"} {
		k.imap(command)
	}
	if flags, deleted := changes(); flags+deleted != 0 {
		t.Errorf("read-only: %d flags, %d deleted", flags, deleted)
	}
	b.state(func(s *world.State) { s.Mailbox(world.Support).Inbox.Messages[2].Flags = nil })
	k.imap("SELECT INBOX")
	for _, command := range []string{"STORE 1", "STORE 1 +FLAGS", "STORE 9 +FLAGS \\Seen", "UID EXPUNGE", "UID EXPUNGE x"} {
		if got := last(k.imap(command)); got != "A BAD Command Argument Error. 11" {
			t.Errorf("%s: %q", command, got)
		}
	}
	if b.world.Counters().Selected != 1 {
		t.Error("SELECT was not counted")
	}
	k.imap("FETCH 1 BODY.PEEK[]")
	if flags, _ := changes(); flags != 0 {
		t.Error("PEEK set a flag")
	}
	if got := k.imap("FETCH 1 BODY[HEADER.FIELDS (SUBJECT)]"); !strings.Contains(strings.Join(got, " "), `FLAGS (\Seen)`) {
		t.Errorf("the new flag is not told: %q", got)
	}
	if flags, _ := changes(); flags != 1 {
		t.Errorf("BODY[] without PEEK: %d flags", flags)
	}
	k.imap("FETCH 1 BODY[]")
	k.imap(`STORE 2 +FLAGS.SILENT \Flagged`)
	if got := k.imap(`STORE 2 FLAGS (\Deleted)`); got[0] != `* 2 FETCH (FLAGS (\Deleted) UID 2)` {
		t.Errorf("STORE: %q", got)
	}
	k.imap(`UID STORE 3 +FLAGS (\Deleted $MDNSent)`)
	k.imap(`STORE 3 -FLAGS (\Deleted)`)
	if flags, deleted := changes(); flags != 5 || deleted != 0 {
		t.Errorf("%d flags, %d deleted; want 5 and 0", flags, deleted)
	}
	if got := k.imap("UID EXPUNGE 3"); len(got) != 1 {
		t.Errorf("UID EXPUNGE of a message that is not deleted: %q", got)
	}
	if got := k.imap("EXPUNGE"); got[0] != "* 2 EXPUNGE" {
		t.Errorf("EXPUNGE: %q", got)
	}
	k.imap(`STORE 2 +FLAGS (\Deleted)`)
	k.imap("CLOSE")
	if _, deleted := changes(); deleted != 2 {
		t.Errorf("%d deleted, want 2", deleted)
	}
	if got := k.imap("SELECT INBOX"); !slices.Contains(got, "* 1 EXISTS") {
		t.Errorf("afterwards: %q", got)
	}
	k.imap(`STORE 1 +FLAGS (\Deleted)`)
	k.imap("UNSELECT")
	if _, deleted := changes(); deleted != 2 {
		t.Error("UNSELECT deleted something")
	}
}

// What a quoted string cannot hold comes as a literal.
func TestIMAPEnvelopeInEightBits(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) {
		s.Deliver(s.Mailbox(world.Support).Inbox, []byte("Subject: Grüße\r\nReply-To: r@x.example\r\n\r\n"))
	})
	k := b.imapLogin(world.Support, world.Support)
	k.imap("EXAMINE INBOX")
	if got := k.imap("FETCH 4 ENVELOPE"); got[0] != "* 4 FETCH (ENVELOPE (NIL {7}" || got[1] != `Grüße NIL NIL ((NIL NIL "r" "x.example")) NIL NIL NIL NIL NIL))` {
		t.Errorf("%q", got)
	}
}

// New messages are announced in an open folder; what another client removed is
// announced only where no sequence numbers are in use.
func TestIMAPNews(t *testing.T) {
	b := newBench(t)
	k := b.imapLogin(world.Support, world.Support)
	k.imap("EXAMINE INBOX")
	deliver := func() {
		b.state(func(s *world.State) { s.Deliver(s.Mailbox(world.Support).Inbox, []byte("Subject: new\r\n\r\n")) })
	}
	deliver()
	if got := k.imap("UID SEARCH SUBJECT new"); !slices.Equal(got, []string{"* 4 EXISTS", "* SEARCH 4", "A OK UID SEARCH completed."}) {
		t.Errorf("search after delivery: %q", got)
	}
	k.send("A IDLE")
	k.want("+ IDLE accepted, awaiting DONE command.")
	deliver()
	k.want("* 5 EXISTS")
	b.state(func(s *world.State) { f := s.Mailbox(world.Support).Inbox; f.Remove(f.Messages[:1]) })
	k.want("* 1 EXPUNGE")
	k.send("DONE")
	k.want("A OK IDLE completed.")
	b.state(func(s *world.State) { f := s.Mailbox(world.Support).Inbox; f.Remove(f.Messages[:1]) })
	if got := k.imap("FETCH 1 UID"); len(got) != 2 {
		t.Errorf("FETCH announces a removal: %q", got)
	}
	if got := k.imap("NOOP"); got[0] != "* 1 EXPUNGE" {
		t.Errorf("NOOP: %q", got)
	}
	k.send("A IDLE")
	k.want("+ IDLE accepted, awaiting DONE command.")
	k.send("NOT DONE")
	k.gone()
}
