package adminscript

import (
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// oneKey is made once: making keys takes most of the time of these tests.
var oneKey = sync.OnceValues(NewKey)

func values(t testing.TB) Values {
	t.Helper()
	key, err := oneKey()
	if err != nil {
		t.Fatal(err)
	}
	return withProtocols(Values{
		Setup: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Tenant: "contoso.example", Name: "Latchkey support@contoso.example",
		RedirectURIs: []string{"https://latchkey.contoso.example/callback", "https://ece.contoso.example/x"},
		Method:       setup.SharedAccount, NewSecret: key.Public, Graph: provider.GraphID,
		Account: "svc-mail@contoso.example", Mailboxes: []setup.Address{"support@contoso.example", "sales@contoso.example"},
		Server: setup.Server{Name: "SVC01", Role: setup.RoleServices}, Provider: "entra",
		Connections: []Connection{
			{Host: "login.microsoftonline.com", Port: 443},
			{Protocol: setup.IMAP, Host: "outlook.office365.com", Port: 993},
			{Protocol: setup.POP3, Host: "outlook.office365.com", Port: 995},
			{Protocol: setup.SMTP, Host: "smtp.office365.com", Port: 587, STARTTLS: true},
		},
	}, setup.Protocols...)
}

// withProtocols are the values of a setup with other protocols.
func withProtocols(v Values, protocols ...setup.Protocol) Values {
	v.Protocols, v.Permissions = protocols, nil
	for _, p := range provider.Permissions(protocols) {
		v.Permissions = append(v.Permissions, Permission{p.Name, p.Graph})
	}
	return v
}

func script(t testing.TB, task Task, v Values) string {
	t.Helper()
	s, err := Script(task, v)
	if err != nil {
		t.Fatalf("%s: %v", task.ID, err)
	}
	return s
}

// awkward are values that people really have, and values that somebody might
// try.
var awkward = []string{
	"Contoso's desk", "''", "'", "'; Remove-Item -Recurse C:\\ #", "’; Stop-Computer; ’", "‘‚‛", "“” \"", "$(Get-Date)", "`$x`",
	"a`'b", "Müller & Söhne", "サポート窓口", "支持", "😀 desk", "@'", "'@", "<# #>", "#requires -version 99", "%{$_}", "a|b;c&d>e<f",
	"{0}", "}", "{", ")", "$null", "--%", "-WhatIf", "C:\\temp\\", "\u00a0blank\u00a0", "\u202eabc", "é\u0301", "\u2014dash", "«.Name»", "{{.Name}}",
	"Ò", "\u00d2\u0093", strings.Repeat("x'", 300),
}

// variants are the values of many setups for one task.
func variants(t testing.TB, task Task) map[string]Values {
	out := map[string]Values{}
	for _, method := range []setup.Method{setup.MailboxAccount, setup.SharedAccount} {
		for n := 1; n < 8; n++ {
			var protocols []setup.Protocol
			for i, p := range setup.Protocols {
				if n&(1<<i) != 0 {
					protocols = append(protocols, p)
				}
			}
			v := withProtocols(values(t), protocols...)
			v.Method = method
			if n%2 == 0 {
				v.NewSecret, v.Tenant, v.Cloud = "", "", USGovDoD
			}
			if n%3 == 0 {
				v.Name, v.ClientID = "", "0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b4a"
			}
			out[fmt.Sprintf("%s %s %d", task.ID, method, n)] = v
		}
	}
	for _, word := range awkward {
		if _, err := quote(word); err != nil {
			continue
		}
		v := values(t)
		v.Setup, v.Tenant, v.Name, v.Account = setup.ID(word), word, word, setup.Address(word)
		v.RedirectURIs, v.Mailboxes = []string{word, "https://x.example"}, []setup.Address{setup.Address(word)}
		v.Server, v.Provider = setup.Server{Name: word, Role: setup.Role(word)}, word
		v.Connections = []Connection{{Protocol: setup.SMTP, Host: word, Port: 587, STARTTLS: true}}
		v.Say = func(string) string { return word + "\r\nsecond line " + word + "\n" }
		out[task.ID+" "+word] = v
	}
	return out
}

func TestEveryScriptParsesInAnIndependentGrammar(t *testing.T) {
	var names, texts []string
	for _, task := range Tasks {
		for name, v := range variants(t, task) {
			names, texts = append(names, name), append(texts, script(t, task, v))
		}
	}
	for i, a := range grammar(t, texts) {
		for _, f := range a.Faults {
			t.Errorf("%q: line %d: %s %q", names[i], f.Line, f.Kind, f.Text)
		}
	}
	t.Logf("%d scripts", len(texts))
}

// What the grammar lets pass would prove nothing: each of these must not.
func TestTheGrammarSeesDamage(t *testing.T) {
	var names, texts []string
	for _, task := range []Task{RegistrationRead, MailboxRepair} {
		text := script(t, task, values(t))
		for name, damaged := range map[string]string{
			"last brace lost":   strings.TrimSuffix(strings.TrimSpace(text), "}"),
			"brace too many":    text + "}\n",
			"quote lost":        strings.Replace(text, "= 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'", "= ABCDEFGHIJKLMNOPQRSTUVWXYZ'", 1) + strings.Replace(text, "'Stop'", "'Stop", 1),
			"bracket lost":      strings.Replace(text, "@(", "@", 1),
			"bracket too many":  "$x = (1))\n" + text,
			"operator at end":   text + "$x = 1 +\n",
			"unfinished string": text + "$x = 'abc\n",
		} {
			names, texts = append(names, task.ID+": "+name), append(texts, damaged)
		}
	}
	for i, a := range grammar(t, texts) {
		if len(a.Faults) == 0 {
			t.Errorf("%s: the grammar sees nothing wrong", names[i])
		}
	}
}

// TestNoValueLeavesItsLiteral compares what the foreign grammar finds in the
// script of a neutral setup and in those of hostile ones: the same commands,
// the same comments, in the same order.
func TestNoValueLeavesItsLiteral(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	pieces := append(slices.Clone(awkward), "'", "''", "’", "‘", "‛", "‚", "\"", "`", "$", "(", ")", ";", "|", "#", "@", " ", "a", "é", "\u00a0", "😀")
	var tasks, words, texts []string
	first := map[string]int{}
	for _, task := range Tasks {
		first[task.ID] = len(texts)
		tasks, words, texts = append(tasks, task.ID), append(words, "neutral"), append(texts, script(t, task, values(t)))
		for len(texts) < first[task.ID]+20 {
			var b strings.Builder
			for range 1 + random.Intn(6) {
				b.WriteString(pieces[random.Intn(len(pieces))])
			}
			word := b.String()
			if _, err := quote(word); err != nil {
				continue
			}
			v := values(t)
			v.Setup, v.Tenant, v.Name, v.Account = setup.ID(word), word, word, setup.Address(word)
			v.RedirectURIs, v.Mailboxes = []string{word}, []setup.Address{setup.Address(word), "b@x.example"}
			v.Server, v.Provider = setup.Server{Name: word}, word
			for i := range v.Connections {
				v.Connections[i].Host = word
			}
			tasks, words, texts = append(tasks, task.ID), append(words, word), append(texts, script(t, task, v))
		}
	}
	answers := grammar(t, texts)
	for i, a := range answers {
		neutral := answers[first[tasks[i]]]
		if len(a.Faults) > 0 {
			t.Errorf("%s: %q: %v", tasks[i], words[i], a.Faults)
		}
		if diff := cmp.Diff(neutral.Commands, a.Commands); diff != "" {
			t.Errorf("%s: %q changes the commands: %s", tasks[i], words[i], diff)
		}
		if diff := cmp.Diff(neutral.Comments, a.Comments); diff != "" {
			t.Errorf("%s: %q changes the comments: %s", tasks[i], words[i], diff)
		}
	}
}

// changing are the commands that may change something, by task. A read script
// that held one, or any script with a command that loads something, would
// break its promise.
var changing = map[string][]string{
	Registration.ID:  {"Invoke-MgGraphRequest"},
	MailboxRepair.ID: {"Set-CASMailbox", "Add-MailboxPermission", "Add-RecipientPermission"},
}

// harmless are the other commands; what is defined in the script itself is
// taken from its text.
var harmless = []string{
	"New-Object", "Get-Date", "Where-Object", "ForEach-Object", "Select-Object", "Sort-Object", "ConvertTo-Json",
	"Write-Output", "Write-Warning", "Write-Progress", "Out-Null", "Start-Sleep", "Get-Module", "Get-Command", "Import-Module",
	"Connect-MgGraph", "Get-MgContext", "Connect-ExchangeOnline", "Get-ConnectionInformation",
	"Get-Mailbox", "Get-CASMailbox", "Get-User", "Get-Recipient", "Get-MailboxPermission", "Get-RecipientPermission",
	"Get-MailboxStatistics", "Get-MailboxFolderStatistics", "Get-TransportConfig", "Get-OrganizationConfig", "Get-MgUserLicenseDetail",
}

func TestScriptsRunOnlyKnownCommands(t *testing.T) {
	var texts []string
	for _, task := range Tasks {
		texts = append(texts, script(t, task, values(t)))
	}
	for i, a := range grammar(t, texts) {
		task := Tasks[i]
		seen := map[string]bool{}
		for _, command := range a.Commands {
			seen[command] = true
			own := strings.Contains(texts[i], "function "+command)
			if !own && !slices.Contains(harmless, command) && !slices.Contains(changing[task.ID], command) &&
				!(task.ID == RegistrationRead.ID && command == "Invoke-MgGraphRequest") && command[0] != '{' {
				t.Errorf("%s runs %q", task.ID, command)
			}
		}
		for _, command := range changing[task.ID] {
			if !seen[command] {
				t.Errorf("%s does not run %s", task.ID, command)
			}
		}
	}
	read := texts[slices.IndexFunc(Tasks, func(t Task) bool { return t.ID == RegistrationRead.ID })]
	for _, method := range []string{"'POST'", "'PATCH'", "'PUT'", "'DELETE'"} {
		if strings.Contains(read, method) {
			t.Errorf("the script that only reads sends %s", method)
		}
	}
	for _, text := range texts {
		for _, word := range []string{"'DELETE'", "'PUT'", "Remove-", "Invoke-Expression", "iex ", "DownloadString", "Install-Module -Force"} {
			if strings.Contains(text, word) {
				t.Errorf("a script holds %q", word)
			}
		}
	}
}

// Each change asks, and each is made only where something is missing.
func TestEachChangeAsksFirst(t *testing.T) {
	for _, task := range []Task{Registration, MailboxRepair} {
		lines := strings.Split(script(t, task, values(t)), "\n")
		for i, line := range lines {
			changes := strings.Contains(line, "Set-CASMailbox") || strings.Contains(line, "Add-MailboxPermission") ||
				strings.Contains(line, "Add-RecipientPermission") || strings.Contains(line, "'PATCH'") || strings.Contains(line, "'POST'")
			if !changes {
				continue
			}
			asks := false
			indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
			for j, depth := i-1, indent(line); j > 0 && !asks; j-- {
				asks = indent(lines[j]) == depth && strings.Contains(lines[j], "-not $PSCmdlet.ShouldProcess(")
				if indent(lines[j]) < depth { // what the change stands in
					depth = indent(lines[j])
					asks = asks || strings.Contains(lines[j], "$PSCmdlet.ShouldProcess(")
				}
			}
			if !asks {
				t.Errorf("%s: line %d changes without asking: %s", task.ID, i+1, line)
			}
		}
	}
}

func TestScriptsFollowTheProtocolsAndTheMethod(t *testing.T) {
	v := withProtocols(values(t), setup.POP3)
	v.NewSecret = ""
	registration := script(t, Registration, v)
	for word, want := range map[string]bool{
		"d7b7f2d9-0f45-4ea1-9d42-e50810c06991": true, "652390e4-393a-48de-9484-05f9b1212954": false,
		"258f6531-6087-4cc4-bb90-092c5fb3ed3f": false, "7427e0e9-2fba-42fe-b0c0-848c9e6a8182": true,
		"addPassword": false, "-TenantId 'contoso.example'": true,
	} {
		if strings.Contains(registration, word) != want {
			t.Errorf("registration with POP3 only: holds %q: %v, want %v", word, !want, want)
		}
	}
	repair := script(t, MailboxRepair, v)
	for word, want := range map[string]bool{
		"-PopEnabled $true": true, "-ImapEnabled $true": false, "-SmtpClientAuthenticationDisabled $false": false,
		"-AutoMapping $false": true, "-AccessRights SendAs": false,
	} {
		if strings.Contains(repair, word) != want {
			t.Errorf("repair with POP3 only: holds %q: %v, want %v", word, !want, want)
		}
	}
	v = values(t)
	v.Method, v.Cloud = setup.MailboxAccount, China
	repair = script(t, MailboxRepair, v)
	for word, want := range map[string]bool{
		"-ImapEnabled $true": true, "-SmtpClientAuthenticationDisabled $false": true, "Add-MailboxPermission": false, "'O365China'": true,
		"Set-TransportConfig": false,
	} {
		if strings.Contains(repair, word) != want {
			t.Errorf("repair of a mailbox account: holds %q: %v, want %v", word, !want, want)
		}
	}
	if text := script(t, Registration, values(t)); !strings.Contains(text, "addPassword") || strings.Contains(text, "Write-Output $made") {
		t.Error("the new secret is not made, or is printed")
	}
}

func TestScriptsAreShortASCIILines(t *testing.T) {
	for _, task := range Tasks {
		text := script(t, task, values(t))
		for i, line := range strings.Split(text, "\n") {
			if strings.TrimSpace(line) == "" && i < strings.Count(text, "\n") {
				t.Errorf("%s: line %d is empty: some consoles end the input there", task.ID, i+1)
			}
			if strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
				t.Errorf("%s: line %d is not ASCII: %q", task.ID, i+1, line)
			}
		}
	}
}

// A console shows the script before its output, and both are copied.
func TestScriptHoldsNoFrame(t *testing.T) {
	for _, task := range Tasks {
		if text := script(t, task, values(t)); strings.Contains(text, "LATCHKEY PROBE-") || strings.Contains(text, "LATCHKEY MAILBOX-") {
			t.Errorf("%s: the script itself looks like a block", task.ID)
		}
	}
}

// What a paste parser demands stands in the text that prints the block.
func TestScriptsPrintEachProperty(t *testing.T) {
	for task, names := range map[string][]string{
		Registration.ID: {"schema", "kind", "setup", "script", "at", "by", "module", "client_id", "tenant_id", "name", "audience", "web", "spa", "public",
			"public_client", "sign_in_enabled", "assignment_required", "permissions", "consented", "secrets", "claims", "secret", "unread",
			"resource", "id", "type", "ends", "key", "cipher"},
		MailboxRead.ID: {"schema", "kind", "setup", "script", "at", "by", "module", "tenant_smtp_auth", "modern_auth", "account", "mailboxes", "unread",
			"user_name", "primary", "type", "sign_in", "imap", "pop3", "smtp_auth", "licences", "sku", "exchange",
			"address", "full_access", "send_as", "readers", "bytes", "inbox", "inbox_read", "forwards", "missing"},
	} {
		one, _ := TaskByID(task)
		text := script(t, one, values(t))
		for _, name := range names {
			if !strings.Contains(text, " "+name+" = ") {
				t.Errorf("%s does not print %q", task, name)
			}
		}
	}
	text := script(t, Network, values(t))
	for _, name := range []string{"schema", "setup", "server", "role", "provider", "at", "version", "results", "protocol", "host", "port", "ms", "mechanisms", "issuer", "families", "family", "address", "kind", "stage", "line"} {
		if !strings.Contains(text, `"`+name+`": `) {
			t.Errorf("network does not print %q", name)
		}
	}
}

func TestScriptRefusesWhatItCannotUse(t *testing.T) {
	for name, tt := range map[string]struct {
		task   Task
		change func(*Values)
		value  string
	}{
		"no setup":           {Registration, func(v *Values) { v.Setup = "" }, "setup"},
		"no name":            {Registration, func(v *Values) { v.Name = "" }, "client_id or name"},
		"no GUID":            {RegistrationRead, func(v *Values) { v.ClientID = "x" }, "client_id as a GUID"},
		"no redirect URI":    {Registration, func(v *Values) { v.RedirectURIs = nil }, "redirect_uris"},
		"no permission":      {Registration, func(v *Values) { v.Permissions = nil }, "permissions"},
		"no resource":        {Registration, func(v *Values) { v.Graph = "" }, "graph"},
		"a key of others":    {Registration, func(v *Values) { v.NewSecret = "AQAB" }, "new_secret as a key of NewKey"},
		"three years":        {Registration, func(v *Values) { v.SecretMonths = 36 }, "secret_months up to 24"},
		"no account":         {MailboxRead, func(v *Values) { v.Account = "" }, "account"},
		"no mailbox":         {MailboxRepair, func(v *Values) { v.Mailboxes = nil }, "mailboxes"},
		"nothing to repair":  {MailboxRepair, func(v *Values) { v.Protocols = nil }, "protocols"},
		"no server":          {Network, func(v *Values) { v.Server.Name = "" }, "server"},
		"no provider":        {Network, func(v *Values) { v.Provider = "" }, "provider"},
		"no connection":      {Network, func(v *Values) { v.Connections = nil }, "connections"},
		"no port":            {Network, func(v *Values) { v.Connections[0].Port = 0 }, "connections with host and port"},
		"STARTTLS with IMAP": {Network, func(v *Values) { v.Connections[1].STARTTLS = true }, "STARTTLS with SMTP only"},
	} {
		v := values(t)
		tt.change(&v)
		_, err := Script(tt.task, v)
		var missing *MissingError
		if !errors.As(err, &missing) || missing.Value != tt.value {
			t.Errorf("%s: %v, want a complaint about %q", name, err, tt.value)
		}
	}
	v := values(t)
	v.Name = "a\nb"
	if _, err := Script(Registration, v); !errors.Is(err, ErrValue) || !strings.Contains(err.Error(), "name") {
		t.Errorf("a line break in the name: %v", err)
	}
	if _, err := Script(Task{ID: "other"}, values(t)); err == nil {
		t.Error("an unknown task is accepted")
	}
}

// Every text that a template can show went through quote, list or comment.
func TestTemplatesSeeOnlyCode(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[data]()) {
		if f.Type.Kind() == reflect.String && f.Type != reflect.TypeFor[code]() {
			t.Errorf("the field %s is a bare string", f.Name)
		}
	}
}

func TestEveryWordIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, task := range Tasks {
		v := values(t)
		v.Say = func(id string) string { used[id] = true; return "" }
		script(t, task, v)
	}
	for _, id := range WordIDs() {
		if !used[id] {
			t.Errorf("no script says %q", id)
		}
		if English(id) == "" {
			t.Errorf("%q has no words", id)
		}
	}
}

func TestFromTakesTheAnswers(t *testing.T) {
	s := setup.Setup{ID: "X", Application: setup.Application{
		Method: setup.SharedAccount, Mailboxes: []setup.Address{"m@x.example"}, SignInAccount: "a@x.example", Protocols: []setup.Protocol{setup.IMAP},
	}, Registration: setup.Registration{Tenant: "x.example", ClientID: "c"}}
	want := Values{Setup: "X", Name: "Latchkey m@x.example", Tenant: "x.example", ClientID: "c", Method: setup.SharedAccount,
		Account: "a@x.example", Mailboxes: []setup.Address{"m@x.example"}, Protocols: []setup.Protocol{setup.IMAP}}
	if diff := cmp.Diff(want, From(s)); diff != "" {
		t.Error(diff)
	}
}

func TestFileHasAByteOrderMarkAndWindowsLines(t *testing.T) {
	if got := string(File("a\nb\n")); got != "\xef\xbb\xbfa\r\nb\r\n" {
		t.Errorf("%q", got)
	}
}
