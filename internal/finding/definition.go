package finding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Severity says whether a finding closes a gate.
type Severity string

// Only a Blocker closes a gate; a Warning is shown and counted; a Note informs.
const (
	Blocker Severity = "blocker"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Rank orders severities, worst first: 0 for a blocker.
func (s Severity) Rank() int { return slices.Index([]Severity{Blocker, Warning, Note}, s) }

// Actor is who can do something about a finding.
type Actor string

// The actors. AppAdmin owns the Entra app registration; Microsoft means: wait.
const (
	ProductAdmin  Actor = "product_admin"
	AppAdmin      Actor = "app_admin"
	EntraAdmin    Actor = "entra_admin"
	ExchangeAdmin Actor = "exchange_admin"
	MailboxUser   Actor = "mailbox_user"
	NetworkAdmin  Actor = "network_admin"
	Microsoft     Actor = "microsoft"
)

// Actors lists all actors in the order of the contract.
var Actors = []Actor{ProductAdmin, AppAdmin, EntraAdmin, ExchangeAdmin, MailboxUser, NetworkAdmin, Microsoft}

// Definition names one fact that can be true about a setup, with every text a
// reader needs. Texts are templates with placeholders of the form {{.name}};
// each placeholder must be listed in Params.
type Definition struct {
	Code     string   // snake_case; part of the API, never renamed
	Severity Severity // before any reduction, see Unconfirmed
	Actor    Actor    // who can change it

	Title       string // the observation, with names: what was seen
	Consequence string // what stops because of it
	Cause       string // why it is so, most likely
	Remedy      string // one instruction
	Command     string // what to run, if a command repairs or proves it
	Link        string // where to click, if a page repairs it
	Wait        time.Duration

	Params []string

	// Unconfirmed marks what rests on behaviour nobody has measured at
	// Microsoft. Such a finding is at most a Note and says so.
	Unconfirmed bool
	// NewSignIn says that a new sign-in of the same person repairs it.
	NewSignIn bool
	// AdminConsent says that the consent of an administrator repairs it.
	AdminConsent bool
	// Asks names the entry of the same step that settles it, for what is found
	// only because nobody has entered something; "" for none.
	Asks string
	// Ours marks a fact that no server's answer leads to; the others must
	// have a recorded answer in the corpus.
	Ours bool
}

var (
	codeForm    = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	placeholder = regexp.MustCompile(`\{\{\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)
)

// LinkPrefix begins the placeholders of a Link that name a page of an
// administration portal. The provider fills them, so they are not listed in
// Params, and a link whose page nobody knows is left out.
const LinkPrefix = "link_"

// Placeholders returns the names used in text, in order of appearance.
func Placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// Texts returns the translatable parts by name; empty parts are left out.
// Command and Link are not translated, but they have placeholders too.
func (d *Definition) Texts() map[string]string {
	texts := map[string]string{}
	for name, text := range map[string]string{
		"title": d.Title, "consequence": d.Consequence, "cause": d.Cause, "remedy": d.Remedy,
	} {
		if text != "" {
			texts[name] = text
		}
	}
	return texts
}

// Validate reports the first thing that makes d unfit to be shown: a code that
// is not snake_case, a missing text, an unlisted placeholder, an unconfirmed
// definition that would close a gate.
func (d *Definition) Validate() error {
	switch {
	case !codeForm.MatchString(d.Code):
		return fmt.Errorf("finding: code %q is not snake_case", d.Code)
	case d.Severity.Rank() < 0:
		return fmt.Errorf("finding: %s: unknown severity %q", d.Code, d.Severity)
	case !slices.Contains(Actors, d.Actor):
		return fmt.Errorf("finding: %s: unknown actor %q", d.Code, d.Actor)
	case d.Title == "" || d.Consequence == "" || d.Cause == "" || d.Remedy == "":
		return fmt.Errorf("finding: %s: title, consequence, cause and remedy must all be filled", d.Code)
	case d.Unconfirmed && d.Severity != Note:
		return fmt.Errorf("finding: %s: what is not confirmed against Microsoft may be a note at most", d.Code)
	}
	for _, text := range []string{d.Title, d.Consequence, d.Cause, d.Remedy, d.Command, d.Link} {
		for _, name := range Placeholders(text) {
			if text == d.Link && strings.HasPrefix(name, LinkPrefix) {
				continue
			}
			if !slices.Contains(d.Params, name) {
				return fmt.Errorf("finding: %s: placeholder %q is not in Params", d.Code, name)
			}
		}
	}
	return nil
}
