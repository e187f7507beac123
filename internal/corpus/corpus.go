package corpus

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed items/*.toml
var files embed.FS

// sourcesFile lists the sources by key; every other file holds items.
const sourcesFile = "sources.toml"

// Where is the place at which an answer is given.
type Where string

// The places. AuthorizePage is a page on which the person stays;
// AuthorizeRedirect and AdminConsent are returns to the application. Network
// is no answer at all but the way in which a connection fails.
const (
	AuthorizePage     Where = "authorize_page"
	AuthorizeRedirect Where = "authorize_redirect"
	AdminConsent      Where = "admin_consent"
	Token             Where = "token"
	Discovery         Where = "discovery"
	IMAP              Where = "imap"
	POP3              Where = "pop3"
	SMTP              Where = "smtp"
	Network           Where = "network"
)

// Places lists every place.
var Places = []Where{AuthorizePage, AuthorizeRedirect, AdminConsent, Token, Discovery, IMAP, POP3, SMTP, Network}

// Mail reports whether the place is a mail conversation.
func (w Where) Mail() bool { return w == IMAP || w == POP3 || w == SMTP }

// Stage is the part of a mail conversation an answer belongs to.
type Stage string

// The stages. Open is the first command that needs the mailbox, MidSession any
// command after the mailbox was opened; Data answers the command DATA and
// EndOfData the final dot.
const (
	Greeting     Stage = "greeting"
	Capability   Stage = "capability"
	StartTLS     Stage = "starttls"
	Authenticate Stage = "authenticate"
	Open         Stage = "open"
	MidSession   Stage = "mid_session"
	MailFrom     Stage = "mail_from"
	Rcpt         Stage = "rcpt"
	Data         Stage = "data"
	EndOfData    Stage = "end_of_data"
)

// Stages lists every stage in its order.
var Stages = []Stage{Greeting, Capability, StartTLS, Authenticate, Open, MidSession, MailFrom, Rcpt, Data, EndOfData}

// Evidence says how well the wording of an item is attested.
type Evidence string

// Recorded: seen word by word in a recorded answer. Documented: the vendor's
// published wording, which the service may phrase differently. FromMemory:
// only the number or the beginning is in a source, the rest is remembered.
const (
	Recorded   Evidence = "recorded"
	Documented Evidence = "documented"
	FromMemory Evidence = "from_memory"
)

// Parts of an answer that can be less well attested than its wording.
var parts = []string{"error", "status", "suberror", "place", "stage", "closes"}

// Item is one answer of a real server.
type Item struct {
	ID    string  `toml:"id"`
	Where []Where `toml:"where"`
	Answer
	Variants []Variant `toml:"variant"`

	// Code of the finding that must come first; "" for an answer that reports
	// no fault.
	Code string `toml:"code"`
	// Context is what must be known to judge, by the names of context.go.
	Context map[string]string `toml:"context"`

	Evidence Evidence `toml:"evidence"`
	Assumed  []string `toml:"assumed"` // parts that are remembered although the wording is not
	Sources  []string `toml:"sources"` // keys of sources.toml
	Date     string   `toml:"date"`    // of the recording or the document: YYYY, YYYY-MM or YYYY-MM-DD

	File string `toml:"-"`
}

// Answer is what stands on the wire, in parts.
type Answer struct {
	// OAuth. Description is the text with its number, up to the three
	// identifiers that follow each one on the wire; see Incident.
	Grant       string `toml:"grant"`  // of the token request, "" for any
	Status      int    `toml:"status"` // HTTP, 0 for 400 at the token endpoint and 200 on a page
	Error       string `toml:"error"`
	Suberror    string `toml:"suberror"`
	Subcode     string `toml:"error_subcode"`
	Codes       []int  `toml:"error_codes"`
	Description string `toml:"description"`
	Claims      string `toml:"claims"`
	ChangeURL   string `toml:"password_change_url"`
	RetryAfter  int    `toml:"retry_after"` // seconds, 0 for no header
	// ContentType and Body replace all of the above where the answer is none
	// of OAuth's.
	ContentType string `toml:"content_type"`
	Body        string `toml:"body"`

	// Mail.
	Stage  Stage    `toml:"stage"`
	Lines  []string `toml:"lines"`
	Closes bool     `toml:"closes"` // the server closes the connection afterwards

	// Network.
	Event Event `toml:"event"`
}

// Event is a way in which a connection fails.
type Event string

// The events. Silent accepts and never speaks; HangsUp accepts and closes;
// Plain speaks without TLS where TLS belongs; ForeignAuthority shows a
// certificate of another authority, as a proxy that opens the traffic does;
// ForeignName shows one for another name.
const (
	ConnectionRefused Event = "refused"
	Silent            Event = "silent"
	HangsUp           Event = "hangs_up"
	Plain             Event = "plain"
	ForeignAuthority  Event = "foreign_authority"
	ForeignName       Event = "foreign_name"
)

// Events lists every event.
var Events = []Event{ConnectionRefused, Silent, HangsUp, Plain, ForeignAuthority, ForeignName}

// Source is where an item comes from.
type Source struct {
	Title string `toml:"title"`
	URL   string `toml:"url"` // "" for what has no public address
}

// Corpus is everything that was recorded.
type Corpus struct {
	Items   []Item
	Sources map[string]Source
}

// Load reads and validates the embedded files. Items come in the order of the
// files' names and of the files. The error names the file and the item.
func Load() (Corpus, error) {
	dir, err := fs.Sub(files, "items")
	if err != nil {
		return Corpus{}, fmt.Errorf("corpus: %w", err)
	}
	return load(dir)
}

func load(dir fs.FS) (Corpus, error) {
	var c Corpus
	if err := read(dir, sourcesFile, &c.Sources); err != nil {
		return Corpus{}, err
	}
	names, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return Corpus{}, fmt.Errorf("corpus: %w", err)
	}
	for _, name := range names {
		if name == sourcesFile {
			continue
		}
		var file struct {
			Items []Item `toml:"item"`
		}
		if err := read(dir, name, &file); err != nil {
			return Corpus{}, err
		}
		for _, item := range file.Items {
			item.File = strings.TrimSuffix(path.Base(name), ".toml")
			c.Items = append(c.Items, item)
		}
	}
	return c, c.validate()
}

// read decodes one file and refuses keys that nobody reads: a misspelt key
// would silently leave a part of an answer out.
func read(dir fs.FS, name string, into any) error {
	text, err := fs.ReadFile(dir, name)
	if err != nil {
		return fmt.Errorf("corpus: %w", err)
	}
	meta, err := toml.Decode(string(text), into)
	if err != nil {
		return fmt.Errorf("corpus: %s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("corpus: %s: unknown key %s", name, unknown[0])
	}
	return nil
}

// Find returns an item by its ID.
func (c Corpus) Find(id string) (Item, bool) {
	i := slices.IndexFunc(c.Items, func(item Item) bool { return item.ID == id })
	if i < 0 {
		return Item{}, false
	}
	return c.Items[i], true
}
