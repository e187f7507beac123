package adminscript

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"latchkey/internal/setup"
)

//go:embed ps/*.ps1.tmpl
var sources embed.FS

// parsed holds the templates; their marks are characters that stand nowhere
// else in them.
var parsed = template.Must(template.New("").Delims("«", "»").
	Funcs(template.FuncMap{"say": func(string) code { return "" }, "head": func(string) code { return "" }}).
	ParseFS(sources, "ps/*.ps1.tmpl"))

// data is what the templates may show. Every text in it is code, made by
// quote, list or comment; a test holds it to that.
type data struct {
	Task, Setup               code
	Confirmed, Changes        bool
	GraphEnvironment          code
	ExchangeEnvironment       code
	Tenant, ClientID, Name    code
	GraphID, GraphScopes      code
	RedirectURIs, Permissions code
	Modulus, KeyID            code
	Months                    int
	Account, Mailboxes        code
	IMAP, POP3, SMTP, Shared  bool
	Server, Role, Provider    code
	Connections               code
}

// Script returns the whole script of a task, lines ended by line feeds.
//
// Errors: *MissingError, ErrValue.
func Script(t Task, v Values) (string, error) {
	if err := v.check(t); err != nil {
		return "", err
	}
	d, err := v.data(t)
	if err != nil {
		return "", err
	}
	page, err := parsed.Clone()
	if err != nil {
		return "", fmt.Errorf("adminscript: %s: %w", t.ID, err)
	}
	page.Funcs(template.FuncMap{
		"say":  func(id string) (code, error) { return v.words("  ", id) },
		"head": func(id string) (code, error) { return v.words("", id) },
	})
	var b strings.Builder
	if err := page.ExecuteTemplate(&b, t.ID+".ps1.tmpl", d); err != nil {
		return "", fmt.Errorf("adminscript: %s: %w", t.ID, err)
	}
	// An empty line ends the input of some consoles.
	lines := slices.DeleteFunc(strings.Split(b.String(), "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
	return strings.Join(lines, "\n") + "\n", nil
}

// File is a script as a .ps1 file: Windows PowerShell 5.1 takes a file for
// UTF-8 only with a byte order mark.
func File(script string) []byte {
	return []byte("\uFEFF" + strings.ReplaceAll(script, "\n", "\r\n"))
}

func (v Values) words(indent, id string) (code, error) {
	text := english[id]
	if text == "" {
		return "", fmt.Errorf("adminscript: there are no words for %q", id)
	}
	if v.Say != nil {
		text = cmp.Or(v.Say(id), text)
	}
	return comment(indent, text), nil
}

func (v Values) data(t Task) (data, error) {
	var failed error
	q := func(name, value string) code {
		c, err := quote(value)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
		return c
	}
	l := func(name string, values []string) code {
		c, err := list(values)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
		return c
	}
	cloud := v.Cloud
	if cloud == (Cloud{}) {
		cloud = Global
	}
	scopes := []string{"Application.Read.All", "Directory.Read.All"}
	if t.Changes {
		scopes[0] = "Application.ReadWrite.All"
	}
	has := func(p setup.Protocol) bool { return slices.Contains(v.Protocols, p) }
	d := data{
		Task: q("task", t.ID), Setup: q("setup", string(v.Setup)),
		Confirmed: t.Confirmed, Changes: t.Changes,
		GraphEnvironment: q("cloud", cloud.Graph), ExchangeEnvironment: q("cloud", cloud.Exchange),
		ClientID: q("client_id", v.ClientID), Name: q("name", v.Name),
		GraphID: q("graph", v.Graph), GraphScopes: l("scopes", scopes),
		RedirectURIs: l("redirect_uris", v.RedirectURIs),
		Account:      q("account", string(v.Account)), Mailboxes: l("mailboxes", texts(v.Mailboxes)),
		IMAP: has(setup.IMAP), POP3: has(setup.POP3), SMTP: has(setup.SMTP),
		Shared: v.Method == setup.SharedAccount,
		Server: q("server", v.Server.Name), Role: q("role", string(v.Server.Role)), Provider: q("provider", v.Provider),
	}
	if v.Tenant != "" {
		d.Tenant = q("tenant", v.Tenant)
	}
	if v.NewSecret != "" {
		d.Modulus, d.KeyID = q("new_secret", string(v.NewSecret)), q("new_secret", v.NewSecret.ID())
		d.Months = cmp.Or(v.SecretMonths, 12)
	}
	var rows []string
	for _, p := range v.Permissions {
		rows = append(rows, "    "+string(q("permission", p.Name))+" = "+string(q("permission", p.ID)))
	}
	d.Permissions = code(strings.Join(rows, "\n"))
	rows = nil
	for _, c := range v.Connections {
		security := "tls"
		if c.STARTTLS {
			security = "starttls"
		}
		rows = append(rows, "    @{ protocol = "+string(q("protocol", string(c.Protocol)))+"; host = "+string(q("host", c.Host))+
			"; port = "+strconv.Itoa(c.Port)+"; security = "+string(q("security", security))+" }")
	}
	d.Connections = code(strings.Join(rows, "\n"))
	return d, failed
}
