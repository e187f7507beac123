package exchange

import (
	"fmt"
	"net/mail"
	"strings"
)

// envelope is the ENVELOPE of a message (RFC 3501 §7.4.2). Header texts are
// given as they stand.
func envelope(raw []byte) string {
	text := func(name string) string {
		v, ok := header(raw, name)
		if !ok {
			return "NIL"
		}
		return quote(v)
	}
	from := addresses(raw, "From")
	or := func(name string) string {
		if list := addresses(raw, name); list != "NIL" {
			return list
		}
		return from
	}
	return "(" + strings.Join([]string{
		text("Date"), text("Subject"), from, or("Sender"), or("Reply-To"),
		addresses(raw, "To"), addresses(raw, "Cc"), addresses(raw, "Bcc"), text("In-Reply-To"), text("Message-ID"),
	}, " ") + ")"
}

func addresses(raw []byte, name string) string {
	value, _ := header(raw, name)
	list, err := mail.ParseAddressList(value)
	if err != nil { // also where there is no such field
		return "NIL"
	}
	var b strings.Builder
	for _, a := range list {
		display := "NIL"
		if a.Name != "" {
			display = quote(a.Name)
		}
		local, domain, _ := strings.Cut(a.Address, "@")
		fmt.Fprintf(&b, "(%s NIL %s %s)", display, quote(local), quote(domain))
	}
	return "(" + b.String() + ")"
}

// quote writes a quoted string, or a literal where a quoted one cannot hold
// the text (RFC 3501 §4.3).
func quote(text string) string {
	for _, r := range text {
		if r < ' ' || r > '~' {
			return fmt.Sprintf("{%d}\r\n%s", len(text), text)
		}
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
