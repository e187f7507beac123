package locale_test

import (
	"strings"
	"testing"

	"latchkey/internal/finding"
	"latchkey/internal/locale"
	"latchkey/internal/provider"
)

// What an answer leaves open is put into words; commands keep the name.
func TestUnknownValuesAreWords(t *testing.T) {
	catalog, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := catalog.Printer("en")
	for _, d := range append(provider.Entra.Definitions(), provider.OpenID.Definitions()...) {
		values := map[string]string{}
		for _, name := range d.Params {
			values[name] = "<" + name + ">"
		}
		for _, known := range []map[string]string{values, nil} {
			a := p.Finding(finding.Finding{Causes: []finding.Cause{{Definition: d}}, Params: known})
			text := a.Title + a.Consequence + a.Cause + a.Remedy
			for _, name := range d.Params {
				if strings.Contains(text, "<"+name+">") || strings.Contains(text, "["+name+"]") || strings.Contains(text, "\x00") {
					t.Errorf("%s: %q shows the name of %s", d.Code, text, name)
				}
			}
			if a.Title[:1] != strings.ToUpper(a.Title[:1]) {
				t.Errorf("%s: %q begins small", d.Code, a.Title)
			}
		}
	}
	d := provider.IMAPDisabled
	a := p.Finding(finding.Finding{Causes: []finding.Cause{{Definition: d}}, Params: map[string]string{"signed_in_as": "<signed_in_as>"}})
	if a.Title != "IMAP is switched off for the account that signed in" || !strings.Contains(a.Command, "'<signed_in_as>'") {
		t.Errorf("%q, %q", a.Title, a.Command)
	}
	a = p.Finding(finding.Finding{Causes: []finding.Cause{{Definition: d}}, Params: map[string]string{"signed_in_as": "a@contoso.example"}})
	if a.Title != "IMAP is switched off for a@contoso.example" {
		t.Errorf("%q", a.Title)
	}
}
