package paste

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/adminscript"
	"latchkey/internal/setup"
)

// blockOf takes the content of a block apart and compares it with what is
// expected. What is wrong is kept by d.
func blockOf(d *decoder, top at, kind adminscript.Kind, want Expect) ScriptBlock {
	top = d.object(top)
	schema := top.get("schema")
	if d.need(schema, "1") && (schema.kind != isNumber || schema.node.text != strconv.Itoa(adminscript.Schema)) {
		d.fail(schema, OtherSchema, string(schema.kind)+" "+schema.node.text, strconv.Itoa(adminscript.Schema))
	}
	must := func(name, what string) at {
		a := top.get(name)
		if d.need(a, what) && a.kind == isNull {
			d.fail(a, PropertyType, string(isNull), what)
		}
		return a
	}
	if got := d.text(must("kind", string(kind))); d.first == nil && got != string(kind) {
		d.fail(top.get("kind"), OtherKind, got, string(kind))
	}
	if got := d.text(must("setup", "the setup's ID")); d.first == nil && got != string(want.Setup) {
		d.fail(top.get("setup"), OtherSetup, got, "")
	}
	b := ScriptBlock{
		Kind: kind, Task: d.text(must("script", "the script's name")), At: d.time(must("at", "the time")),
		By: d.text(must("by", "the account")), Module: d.text(must("module", "the module's name and version")),
	}
	if d.first == nil && b.At.IsZero() {
		d.fail(top.get("at"), PropertyValue, "", "a time as in 2026-11-21T10:00:00Z")
	}
	if d.first != nil {
		return b
	}
	d.age(top.get("at"), b.At, want)
	if task, ok := adminscript.TaskByID(b.Task); !ok || task.Block != kind {
		d.fail(top.get("script"), PropertyValue, b.Task, "a script that prints a block of the kind "+string(kind))
	}
	if kind == adminscript.KindRegistration {
		b.Registered = registered(d, top, b)
		b.Secret, b.SecretIs = newSecret(d, top.get("secret"))
	} else {
		b.Exchange = exchange(d, top, b)
	}
	return b
}

// age compares when a block was made with what is expected.
func (d *decoder) age(a at, made time.Time, want Expect) {
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch oldest := want.Now.Add(-want.Life); {
	case made.Before(oldest):
		d.fail(a, Old, stamp(made), stamp(oldest))
	case made.After(want.Now.Add(clockSkew)):
		d.fail(a, Future, stamp(made), "")
	}
}

// onOff is a switch; the empty text says that it was not read.
func onOff(d *decoder, o at, name string, inherit bool) setup.Switch {
	a := o.get(name)
	if !d.need(a, "on, off or an empty text") {
		return ""
	}
	choices := []string{string(setup.SwitchOn), string(setup.SwitchOff), ""}
	if inherit {
		choices = append(choices, string(setup.SwitchInherit))
	}
	if a.kind == isNull {
		d.fail(a, PropertyType, string(isNull), string(isText))
	}
	return setup.Switch(d.choice(a, choices...))
}

// lines are the reasons and names that a script found; a reason may quote an
// answer of a server.
func lines(d *decoder, o at, name string) []string {
	a := o.get(name)
	if !d.need(a, "a list") {
		return nil
	}
	var out []string
	for _, s := range d.texts(a) {
		s, _ = Mask(s)
		out = append(out, s)
	}
	return out
}

func registered(d *decoder, top at, b ScriptBlock) *setup.Registered {
	for _, name := range []string{"client_id", "tenant_id", "name", "audience", "web", "spa", "public", "permissions", "consented", "secrets", "claims"} {
		d.need(top.get(name), "what the script has read, or null")
	}
	r := &setup.Registered{
		Source: setup.FromScript, By: b.By, At: b.At,
		ClientID: d.guid(top.get("client_id")), TenantID: d.guid(top.get("tenant_id")),
		Name: d.text(top.get("name")), Audience: d.text(top.get("audience")),
		Web: d.uris(top.get("web")), SPA: d.uris(top.get("spa")), Public: d.uris(top.get("public")),
		PublicClient: onOff(d, top, "public_client", false), SignInEnabled: onOff(d, top, "sign_in_enabled", false),
		AssignmentRequired: onOff(d, top, "assignment_required", false),
		Consented:          d.texts(top.get("consented")), Claims: d.texts(top.get("claims")),
		Unread: lines(d, top, "unread"),
	}
	if d.first == nil && r.ClientID == "" {
		d.fail(top.get("client_id"), PropertyType, string(isNull), string(isText))
	}
	if entries := d.list(top.get("permissions")); entries != nil {
		r.Permissions = []setup.Permission{}
		for _, e := range entries {
			o := d.object(e)
			if d.need(o.get("resource"), "the ID of the API") && d.need(o.get("id"), "the ID of the permission") && d.need(o.get("type"), "Scope or Role") {
				r.Permissions = append(r.Permissions, setup.Permission{
					Resource: d.guid(o.get("resource")), ID: d.guid(o.get("id")), Type: d.choice(o.get("type"), "Scope", "Role"),
				})
			}
		}
	}
	if entries := d.list(top.get("secrets")); entries != nil {
		r.Secrets = []setup.AppSecret{}
		for _, e := range entries {
			r.Secrets = append(r.Secrets, appSecret(d, d.object(e)))
		}
	}
	return r
}

func appSecret(d *decoder, o at) setup.AppSecret {
	d.need(o.get("id"), "the ID of the secret")
	d.need(o.get("ends"), "its end date")
	return setup.AppSecret{ID: d.guid(o.get("id")), Ends: d.time(o.get("ends"))}
}

// newSecret takes the encrypted secret; null says that none was made.
func newSecret(d *decoder, a at) (*adminscript.Sealed, setup.AppSecret) {
	if !d.need(a, "the encrypted secret, or null") || !a.told() {
		return nil, setup.AppSecret{}
	}
	o := d.object(a)
	d.need(o.get("key"), "the one-time key's ID")
	d.need(o.get("cipher"), "the encrypted value")
	is := appSecret(d, o)
	cipher, err := base64.StdEncoding.Strict().DecodeString(d.text(o.get("cipher")))
	if err != nil || len(cipher) == 0 {
		d.fail(o.get("cipher"), PropertyValue, "", "base64")
	}
	return &adminscript.Sealed{KeyID: d.text(o.get("key")), Cipher: cipher}, is
}

// maxBoxes is how many mailboxes a setup can have.
const maxBoxes = 1000

func exchange(d *decoder, top at, b ScriptBlock) *setup.Exchange {
	x := &setup.Exchange{
		By: b.By, At: b.At, Module: b.Module,
		TenantSMTPAuth: onOff(d, top, "tenant_smtp_auth", false), ModernAuth: onOff(d, top, "modern_auth", false),
		Unread: lines(d, top, "unread"),
	}
	account := d.object(top.get("account"))
	if d.need(account, "the account that signs in") {
		x.Account = readAccount(d, account)
	}
	boxes := top.get("mailboxes")
	if !d.need(boxes, "a list") {
		return x
	}
	entries := d.list(boxes)
	if len(entries) == 0 || len(entries) > maxBoxes {
		d.fail(boxes, PropertyValue, fmt.Sprint(len(entries)), fmt.Sprintf("1 to %d mailboxes", maxBoxes))
		return x
	}
	seen := map[string]bool{}
	for _, e := range entries {
		m := readMailbox(d, d.object(e))
		if name := strings.ToLower(string(m.Address)); seen[name] {
			d.fail(e, PropertyTwice, string(m.Address), "each mailbox once")
		} else {
			seen[name] = true
		}
		x.Mailboxes = append(x.Mailboxes, m)
	}
	return x
}

func readAccount(d *decoder, o at) setup.Account {
	for _, name := range []string{"user_name", "primary", "type", "licences"} {
		d.need(o.get(name), "what the script has read, or null")
	}
	a := setup.Account{
		UserName: d.text(o.get("user_name")), Primary: d.text(o.get("primary")), Type: d.text(o.get("type")),
		SignIn: onOff(d, o, "sign_in", false), IMAP: onOff(d, o, "imap", false), POP3: onOff(d, o, "pop3", false),
		SMTPAuth: onOff(d, o, "smtp_auth", true),
	}
	if a.UserName == "" {
		d.fail(o.get("user_name"), PropertyValue, "", "the name of the account that signs in")
	}
	if entries := d.list(o.get("licences")); entries != nil {
		a.Licences = []setup.Licence{}
		for _, e := range entries {
			l := d.object(e)
			d.need(l.get("sku"), "the product's part number")
			a.Licences = append(a.Licences, setup.Licence{SKU: d.text(l.get("sku")), Exchange: d.text(l.get("exchange"))})
		}
	}
	return a
}

func readMailbox(d *decoder, o at) setup.Mailbox {
	for _, name := range []string{"address", "user_name", "type", "readers", "bytes", "inbox", "inbox_read", "missing"} {
		d.need(o.get(name), "what the script has read")
	}
	given := d.text(o.get("address"))
	address, err := setup.ParseAddress("", given)
	if err != nil {
		d.fail(o.get("address"), PropertyValue, given, "a mail address")
	}
	yes := func(name string) bool {
		b := d.boolean(o.get(name))
		return b != nil && *b
	}
	return setup.Mailbox{
		Address: address, UserName: d.text(o.get("user_name")), Type: d.text(o.get("type")),
		FullAccess: onOff(d, o, "full_access", false), SendAs: onOff(d, o, "send_as", false),
		Readers: d.texts(o.get("readers")), Bytes: d.integer(o.get("bytes")), Inbox: d.integer(o.get("inbox")),
		InboxRead: yes("inbox_read"), Forwards: onOff(d, o, "forwards", false), Missing: yes("missing"),
	}
}
