package templates

import (
	"strings"

	"github.com/a-h/templ"

	"latchkey/internal/locale"
)

func explainSamples() map[string]templ.Component {
	p := page()
	p.Path = "/explain"
	empty := ExplainTextView{Page: p}
	wrong := empty
	wrong.Method, wrong.Errors = "shared_account", map[string]string{"pasted": "The text is empty. Paste what the program or the page shows.", "mailbox": "This value is too long."}
	one, two := port(), slow()
	one.Again, one.Ask, two.Ignore, two.Ask = "", "", "", ""
	known := ExplainTextView{
		Page: p, Asked: true, Phase: "imap", Masked: []string{"code", "token", "sasl", "secret", "password", "cookie", "unlabelled"},
		Text:   strings.Repeat("2026-11-21T10:00:00.000Z outlook.office365.com:993 ", 8) + "\nA2 NO AUTHENTICATE failed.",
		Method: "shared_account", Protocol: "imap", Mailbox: mailboxName, SignedIn: "svc-mail@contoso.example", Findings: []Finding{one, two},
	}
	unknown := ExplainTextView{Page: p, Asked: true, Text: "the moon is full", Findings: []Finding{two}}
	return map[string]templ.Component{
		"explain-empty":   ExplainText(empty),
		"explain-error":   ExplainText(wrong),
		"explain-known":   ExplainText(known),
		"explain-unknown": ExplainText(unknown),
		"finding-list":    FindingList(FindingListView{Page: p, Findings: []locale.Advice{one.Advice, two.Advice}}),
		"finding-none":    FindingList(FindingListView{Page: p, Words: "moon"}),
	}
}
