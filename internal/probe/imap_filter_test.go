package probe

import (
	"strings"
	"testing"
)

func TestFilterPassesOnlyWhatOurCommandsAskFor(t *testing.T) {
	const dropped, refused = "", "refused"
	tests := map[string]string{ // line → what the library reads
		"T1 OK AUTHENTICATE completed.":                    "T1 OK .",
		"T1 NO [AUTHENTICATIONFAILED] no":                  "T1 NO .",
		"T12 BAD User is authenticated but not connected.": "T12 BAD .",
		"T1 OK [CAPABILITY (] x":                           "T1 OK .",
		"T1 OK [COPYUID 1 1:4294967295 1] x":               "T1 OK .",
		"T1 BYE":                                           refused,
		"T1":                                               refused,
		"X1 OK done":                                       refused,
		"":                                                 refused,
		"+ ":                                               "+ ",
		"+":                                                "+",
		"+ eyJzdGF0dXMiOiI0MDAifQ==":                       "+ eyJzdGF0dXMiOiI0MDAifQ==",
		"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR": "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR",
		"* capability  IMAP4rev1 ":                    "* capability  IMAP4rev1 ",
		"* CAPABILITY (":                              dropped,
		"* CAPABILITY IMAP4rev1 (":                    dropped,
		`* CAPABILITY "x"`:                            dropped,
		"* CAPABILITY":                                dropped,
		"* 17 EXISTS":                                 "* 17 EXISTS",
		"* 99999999999 EXISTS":                        dropped,
		"* 17 RECENT":                                 dropped,
		"* SEARCH 1 2 3":                              "* SEARCH 1 2 3",
		"* SEARCH":                                    "* SEARCH",
		"* SEARCH 1 (MODSEQ 5)":                       dropped,
		"* ESEARCH UID ALL 1:4294967295":              dropped,
		"* 1 FETCH (UID 7 BODY[HEADER] {12}":          "* 1 FETCH (UID 7 BODY[HEADER] {12}",
		`* 1 FETCH (UID 7 ENVELOPE ("a"))`:            dropped,
		"* OK [ALERT] be warned":                      dropped,
		"* OK [COPYUID 1 1:4294967295 1] x":           dropped,
		"* BYE bye":                                   dropped,
		`* LIST () "/" INBOX`:                         dropped,
		"* THREAD " + strings.Repeat("(", 50):         dropped,
		"* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 200): refused,
	}
	for line, want := range tests {
		got, err := new(imapFilter).pass(line)
		switch {
		case (err != nil) != (want == refused):
			t.Errorf("%.60q: %v, want error: %t", line, err, want == refused)
		case want != refused && strings.TrimSuffix(string(got), "\r\n") != want:
			t.Errorf("%.60q: the library reads %q, want %q", line, got, want)
		}
	}
}

func TestFilterFollowsLiterals(t *testing.T) {
	var f imapFilter
	steps := []struct {
		line    string
		want    string
		literal int64
		drops   bool
	}{
		{`* LIST () "/" {5}`, "", 5, true},
		{"", "", 0, false},
		{"* 1 FETCH (UID 7 BODY[HEADER] {300}", "* 1 FETCH (UID 7 BODY[HEADER] {300}\r\n", 300, false},
		{" FLAGS (\\Seen) BODY[TEXT] {3}", " FLAGS (\\Seen) BODY[TEXT] {3}\r\n", 3, false},
		{")", ")\r\n", 0, false},
		{"T5 NO tricky {999}", "T5 NO .\r\n", 0, false},
		{"* NO tricky {999}", "", 0, false},
	}
	for _, s := range steps {
		got, err := f.pass(s.line)
		if err != nil || string(got) != s.want || f.literal != s.literal || f.literal > 0 && f.dropping != s.drops {
			t.Errorf("%q: %q, literal %d, dropping %t, %v", s.line, got, f.literal, f.dropping, err)
		}
		f.literal = 0 // its bytes have passed
	}
	if _, err := f.pass("* 1 FETCH (BODY[HEADER] {1}"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.pass(`X "{9999}`); err == nil {
		t.Error("a quote behind a literal passes: the library would see another literal than we do")
	}
}
