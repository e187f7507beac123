package paste_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/adminscript"
	"latchkey/internal/paste"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

var (
	noon   = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	expect = paste.Expect{Setup: "SETUP", Now: noon.Add(time.Hour), Life: 24 * time.Hour}
)

// mailboxJSON is what mailbox_read builds, in the shape that ConvertTo-Json
// gives it. The values of Exchange are published ones: types of
// learn.microsoft.com/powershell/module/exchange/get-mailbox, and the answer
// "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFound…" of
// learn.microsoft.com/answers/questions/1405929.
const mailboxJSON = `{
    "schema":  1,
    "kind":  "mailbox",
    "setup":  "SETUP",
    "script":  "mailbox_read",
    "at":  "2026-11-21T12:00:00Z",
    "by":  "admin@contoso.example",
    "module":  "ExchangeOnlineManagement 3.9.0",
    "tenant_smtp_auth":  "off",
    "modern_auth":  "on",
    "account":  {
                    "user_name":  "svc-mail@contoso.example",
                    "primary":  "svc.mail@contoso.example",
                    "type":  "UserMailbox",
                    "sign_in":  "on",
                    "imap":  "on",
                    "pop3":  "off",
                    "smtp_auth":  "inherit",
                    "licences":  [
                                     {
                                         "sku":  "ENTERPRISEPACK",
                                         "exchange":  "EXCHANGE_S_ENTERPRISE"
                                     }
                                 ]
                },
    "mailboxes":  [
                      {
                          "address":  "support@contoso.example",
                          "user_name":  "support@contoso.onmicrosoft.com",
                          "type":  "SharedMailbox",
                          "full_access":  "on",
                          "send_as":  "off",
                          "readers":  [
                                          "Zo\u00eb Ludvig",
                                          "desk\\admins"
                                      ],
                          "bytes":  481789280256,
                          "inbox":  4211,
                          "inbox_read":  true,
                          "forwards":  "off",
                          "missing":  false
                      },
                      {
                          "address":  "gone@contoso.example",
                          "user_name":  "",
                          "type":  "",
                          "full_access":  "",
                          "send_as":  "",
                          "readers":  [

                                      ],
                          "bytes":  0,
                          "inbox":  0,
                          "inbox_read":  false,
                          "forwards":  "",
                          "missing":  true
                      }
                  ],
    "unread":  [
                   "support@contoso.example bytes: TotalItemSize is 448.7 GB"
               ]
}`

var exchangeWant = &setup.Exchange{
	By: "admin@contoso.example", At: noon, Module: "ExchangeOnlineManagement 3.9.0",
	TenantSMTPAuth: setup.SwitchOff, ModernAuth: setup.SwitchOn,
	Account: setup.Account{
		UserName: "svc-mail@contoso.example", Primary: "svc.mail@contoso.example", Type: "UserMailbox", SignIn: setup.SwitchOn,
		IMAP: setup.SwitchOn, POP3: setup.SwitchOff, SMTPAuth: setup.SwitchInherit,
		Licences: []setup.Licence{{SKU: "ENTERPRISEPACK", Exchange: "EXCHANGE_S_ENTERPRISE"}},
	},
	Mailboxes: []setup.Mailbox{
		{Address: "support@contoso.example", UserName: "support@contoso.onmicrosoft.com", Type: "SharedMailbox", FullAccess: setup.SwitchOn,
			SendAs: setup.SwitchOff, Readers: []string{"Zoë Ludvig", `desk\admins`}, Bytes: 481789280256, Inbox: 4211, InboxRead: true, Forwards: setup.SwitchOff},
		{Address: "gone@contoso.example", Readers: []string{}, Missing: true},
	},
	Unread: []string{"support@contoso.example bytes: TotalItemSize is 448.7 GB"},
}

const registrationJSON = `{"schema":1,"kind":"registration","setup":"SETUP","script":"registration","at":"2026-11-21T12:00:00Z",` +
	`"by":"admin@contoso.example","module":"Microsoft.Graph.Authentication 2.30.0","client_id":"631a96bc-a705-4eda-9f99-fdaf9f54f6a2",` +
	`"tenant_id":"0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b4a","name":"Latchkey \u0026 desk","audience":"AzureADMyOrg",` +
	`"web":["https://latchkey.contoso.example/callback"],"spa":[],"public":[],"public_client":"off","sign_in_enabled":"on",` +
	`"assignment_required":"off","permissions":[{"resource":"00000003-0000-0000-c000-000000000000",` +
	`"id":"652390e4-393a-48de-9484-05f9b1212954","type":"Scope"}],"consented":null,` +
	`"secrets":[{"id":"f7f9acfc-ae0c-4d6c-b489-0a81dc1652dd","ends":"2027-11-21T12:00:00Z"}],"claims":["auth_time"],` +
	`"secret":null,"unread":["consented: Insufficient privileges to complete the operation."]}`

var registeredWant = &setup.Registered{
	Source: setup.FromScript, By: "admin@contoso.example", At: noon, ClientID: "631a96bc-a705-4eda-9f99-fdaf9f54f6a2",
	TenantID: "0f5a7c1e-0c5f-4d2e-9a53-6a3c0f1d2b4a", Name: "Latchkey & desk", Audience: "AzureADMyOrg",
	Web: []string{"https://latchkey.contoso.example/callback"}, SPA: []string{}, Public: []string{}, PublicClient: setup.SwitchOff,
	SignInEnabled: setup.SwitchOn, AssignmentRequired: setup.SwitchOff,
	Permissions: []setup.Permission{{Resource: "00000003-0000-0000-c000-000000000000", ID: "652390e4-393a-48de-9484-05f9b1212954", Type: "Scope"}},
	Secrets:     []setup.AppSecret{{ID: "f7f9acfc-ae0c-4d6c-b489-0a81dc1652dd", Ends: noon.AddDate(1, 0, 0)}}, Claims: []string{"auth_time"},
	Unread: []string{"consented: Insufficient privileges to complete the operation."},
}

// printed does what the function Write-Block of the scripts does, line by line.
func printed(kind, content string) string {
	var memory bytes.Buffer
	zip := gzip.NewWriter(&memory)
	_, _ = zip.Write([]byte(content)) // into memory
	_ = zip.Close()
	return frame(kind, base64.StdEncoding.EncodeToString(memory.Bytes()))
}

func frame(kind, text string) string {
	hash := sha256.Sum256([]byte(text))
	sum := strings.ToLower(strings.ToUpper(hex.EncodeToString(hash[:]))[:16])
	total := (len(text) + 63) / 64
	lines := []string{"", "-----BEGIN LATCHKEY " + kind + "-----"}
	for i := range total {
		lines = append(lines, fmt.Sprintf("%02d/%02d %s", i+1, total, text[i*64:min(len(text), i*64+64)]))
	}
	return strings.Join(append(lines, "sum "+sum, "-----END LATCHKEY "+kind+"-----", ""), "\n")
}

func TestScriptBlocksOfBothKinds(t *testing.T) {
	got, err := paste.ParseScriptBlock(mailboxJSON+"\n"+printed("MAILBOX", mailboxJSON), expect)
	want := paste.ScriptBlock{Kind: adminscript.KindMailbox, Task: "mailbox_read", At: noon, By: "admin@contoso.example",
		Module: "ExchangeOnlineManagement 3.9.0", Exchange: exchangeWant}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("mailbox: %v %s", err, diff)
	}
	got, err = paste.ParseScriptBlock(printed("REGISTRATION", registrationJSON), expect)
	want = paste.ScriptBlock{Kind: adminscript.KindRegistration, Task: "registration", At: noon, By: "admin@contoso.example",
		Module: "Microsoft.Graph.Authentication 2.30.0", Registered: registeredWant}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("registration: %v %s", err, diff)
	}
}

func TestScriptBlockBringsTheSecret(t *testing.T) {
	const planted = "Xy8Q~planted.value_of-a-client-secret~01"
	key, err := adminscript.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := adminscript.Encrypt(rand.Reader, key.Public, secret.New(planted))
	if err != nil {
		t.Fatal(err)
	}
	content := strings.Replace(registrationJSON, `"secret":null`, fmt.Sprintf(`"secret":{"id":"8be4cb65-59d9-404a-a6f5-3d3fb4030351","ends":"2027-11-21T12:00:00Z","key":%q,"cipher":%q}`,
		sealed.KeyID, base64.StdEncoding.EncodeToString(sealed.Cipher)), 1)
	got, err := paste.ParseScriptBlock(printed("REGISTRATION", content), expect)
	if err != nil || got.Secret == nil {
		t.Fatalf("%v, secret %v", err, got.Secret)
	}
	if value, err := got.Secret.Open(key); err != nil || value.Reveal() != planted {
		t.Errorf("Open = %v, %v", value, err)
	}
	if diff := cmp.Diff(setup.AppSecret{ID: "8be4cb65-59d9-404a-a6f5-3d3fb4030351", Ends: noon.AddDate(1, 0, 0)}, got.SecretIs); diff != "" {
		t.Error(diff)
	}
	_, err = paste.ParseScriptBlock(printed("REGISTRATION", strings.Replace(content, `"cipher":"`, `"cipher":"!`, 1)), expect)
	sameFault(t, "cipher", paste.Fault{Where: "block", Wrong: paste.PropertyValue, Line: 1, Property: "secret.cipher", Want: "base64"}, err)
}

// wrap breaks lines as a console of that width does when text is copied.
func wrap(text string, width int) string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		for len(line) > width {
			out, line = append(out, line[:width]), line[width:]
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func each(text string, change func(i int, line string) string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = change(i, lines[i])
	}
	return strings.Join(lines, "\n")
}

func TestScriptBlockSurvivesTheWayItTravels(t *testing.T) {
	block := printed("MAILBOX", mailboxJSON)
	whole := "PS C:\\> & {\r\n>> ...\nWARNING: x\n" + mailboxJSON + block + "PS C:\\> "
	lines := strings.Split(block, "\n")
	prefix := func(p string) string { return each(whole, func(_ int, l string) string { return p + l }) }
	for name, pasted := range map[string]string{
		"as printed":            whole,
		"windows":               strings.ReplaceAll(whole, "\n", "\r\n"),
		"80 columns":            wrap(whole, 80),
		"70 columns":            wrap(whole, 70),
		"40 columns":            wrap(whole, 40),
		"quoted mail":           prefix("> "),
		"quoted twice":          prefix("> > "),
		"quoted, 72 wide":       wrap(prefix("> "), 72),
		"trailing blanks":       each(whole, func(_ int, l string) string { return l + strings.Repeat(" ", 20) }),
		"indented":              prefix("    "),
		"times in front":        each(whole, func(i int, l string) string { return fmt.Sprintf("[21:%02d:01] %s", i%60, l) }),
		"dates in front":        prefix("11/21 21:22 "),
		"long dates":            prefix("2026-11-21 21:22:01.123 INFO "),
		"transcript table":      prefix("| "),
		"colours":               each(whole, func(_ int, l string) string { return "\x1b[32;1m" + l + "\x1b[0m" }),
		"no-break blanks":       strings.ReplaceAll(whole, " ", "\u00a0"),
		"typographic":           strings.NewReplacer("-----", "\u2014\u2013", `"`, "\u201c").Replace(whole),
		"one dash":              strings.ReplaceAll(whole, "-----", "\u2014"),
		"zero-width":            strings.ReplaceAll(whole, "/", "\u200b/\u200b"),
		"byte order mark":       "\ufeff" + whole,
		"escaped HTML":          strings.ReplaceAll(html.EscapeString(whole), "+", "&#43;"),
		"one line":              strings.ReplaceAll(whole, "\n", " "),
		"empty lines":           strings.ReplaceAll(whole, "\n", "\n\n"),
		"a line put in between": strings.Replace(whole, "\n02/", "\nWARNING: the command took long\n02/", 1),
		"block only":            block,
		"a line twice":          strings.Replace(block, lines[3]+"\n", lines[3]+"\n"+lines[3]+"\n", 1),
		"two lines swapped":     strings.Replace(block, lines[3]+"\n"+lines[4]+"\n", lines[4]+"\n"+lines[3]+"\n", 1),
	} {
		got, err := paste.ParseScriptBlock(pasted, expect)
		if diff := cmp.Diff(exchangeWant, got.Exchange); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// Several hundred mailboxes, names in several writings, what older and newer
// versions of PowerShell make of lists: what goes in comes out.
func TestScriptBlockOfAnySize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []setup.Mailbox
		var boxes []map[string]any
		switches := rapid.SampledFrom([]setup.Switch{"on", "off", ""})
		for i := range rapid.IntRange(1, 300).Draw(t, "mailboxes") {
			m := setup.Mailbox{
				Address: setup.Address(fmt.Sprintf("box%d@contoso.example", i)), Type: "SharedMailbox", FullAccess: switches.Draw(t, "full"), SendAs: switches.Draw(t, "send"),
				Readers: []string{rapid.SampledFrom([]string{"Zoë", "サポート", "o'neil", `a\b "c"`, "Иван"}).Draw(t, "reader")},
				Bytes:   rapid.Int64Range(0, 1<<50).Draw(t, "bytes"), Inbox: 3, InboxRead: true, Forwards: "off",
			}
			want = append(want, m)
			boxes = append(boxes, map[string]any{"address": m.Address, "user_name": "", "type": m.Type, "full_access": m.FullAccess, "send_as": m.SendAs,
				"readers": map[string]any{"value": m.Readers, "Count": 1}, "bytes": m.Bytes, "inbox": 3, "inbox_read": true, "forwards": "off", "missing": false})
		}
		var content map[string]any
		if err := json.Unmarshal([]byte(mailboxJSON), &content); err != nil {
			t.Fatal(err)
		}
		content["mailboxes"] = boxes
		b, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		text := printed("MAILBOX", string(b))
		got, err := paste.ParseScriptBlock(wrap(text, rapid.IntRange(30, 130).Draw(t, "columns")), expect)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Exchange.Mailboxes); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestScriptBlockNamesTheDamage(t *testing.T) {
	const w = "block"
	block := printed("MAILBOX", mailboxJSON)
	lines := strings.Split(block, "\n")
	total := len(lines) - 5
	with := func(i int, line string) string {
		c := append([]string{}, lines...)
		c[i] = line
		return strings.Join(c, "\n")
	}
	without := func(i int) string {
		return strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "\n")
	}
	edit := func(from, to string) string {
		if !strings.Contains(mailboxJSON, from) {
			t.Fatalf("%q is not in the content", from)
		}
		return printed("MAILBOX", strings.Replace(mailboxJSON, from, to, 1))
	}
	line := func(of string) int { return 1 + strings.Count(mailboxJSON[:strings.Index(mailboxJSON, of)], "\n") }
	const first = "-----BEGIN LATCHKEY ...-----"
	for name, tt := range map[string]struct {
		pasted string
		want   paste.Fault
	}{
		"nothing":            {"\u00a0\n", paste.Fault{Where: w, Wrong: paste.Nothing, Want: first}},
		"other text":         {"everything is fine here", paste.Fault{Where: w, Wrong: paste.Unknown, Want: first}},
		"readable part only": {mailboxJSON, paste.Fault{Where: w, Wrong: paste.Unknown, Want: "the block below the readable part: " + first}},
		"endless":            {strings.Repeat("x", 5<<20), paste.Fault{Where: w, Wrong: paste.TooLong, Want: "at most 512 KiB"}},
		"begin lost":         {without(1), paste.Fault{Where: w, Wrong: paste.BeginMissing, Want: first}},
		"end lost":           {strings.Join(lines[:len(lines)-3], "\n"), paste.Fault{Where: w, Wrong: paste.EndMissing, Want: "-----END LATCHKEY ...-----"}},
		"two blocks":         {block + block, paste.Fault{Where: w, Wrong: paste.Several, Line: len(lines) + 1, Want: "one block: the newest"}},
		"network block":      {strings.ReplaceAll(block, "MAILBOX", "PROBE"), paste.Fault{Where: w, Wrong: paste.OtherKind, Line: 2, Got: "probe"}},
		"ends otherwise":     {strings.Replace(block, "END LATCHKEY MAILBOX", "END LATCHKEY REGISTRATION", 1), paste.Fault{Where: w, Wrong: paste.OtherKind, Line: len(lines) - 1, Got: "registration", Want: "mailbox"}},
		"a line lost":        {without(3), paste.Fault{Where: w, Wrong: paste.LineMissing, Line: 4, Got: "2", Want: fmt.Sprintf("line 2 of %d", total)}},
		"first line lost":    {without(2), paste.Fault{Where: w, Wrong: paste.LineMissing, Line: 3, Got: "1", Want: fmt.Sprintf("line 1 of %d", total)}},
		"last line lost":     {without(total + 1), paste.Fault{Where: w, Wrong: paste.LineMissing, Got: fmt.Sprint(total), Want: fmt.Sprintf("line %d of %d", total, total)}},
		"two of one number":  {with(3, lines[3]+"\n"+lines[3][:60]+"AAAAAAAAAA"), paste.Fault{Where: w, Wrong: paste.LineTwice, Line: 5, Got: "2"}},
		"sum lost":           {without(len(lines) - 3), paste.Fault{Where: w, Wrong: paste.LineMissing, Got: "sum", Want: "the line that begins with sum"}},
		"sum cut":            {with(len(lines)-3, lines[len(lines)-3][:12]), paste.Fault{Where: w, Wrong: paste.LineMissing, Got: "sum", Want: "the line that begins with sum"}},
		"a line cut":         {with(4, lines[4][:40]), paste.Fault{Where: w, Wrong: paste.LineCut, Line: 5, Got: "3", Want: "64 characters"}},
		"dots for the rest":  {with(4, lines[4][:40]+"..."), paste.Fault{Where: w, Wrong: paste.Character, Line: 5, Got: lines[4][6:40] + "...", Want: "letters, digits, + and /"}},
		"letters edited":     {with(4, lines[4][:20]+"AAAAAAAAAA"+lines[4][30:]), paste.Fault{Where: w, Wrong: paste.Changed}},
		"no lines":           {"-----BEGIN LATCHKEY MAILBOX-----\nsum 0123456789abcdef\n-----END LATCHKEY MAILBOX-----", paste.Fault{Where: w, Wrong: paste.LineMissing, Got: "1", Want: "line 1 of 1"}},
		"not packed":         {frame("MAILBOX", base64.StdEncoding.EncodeToString([]byte(mailboxJSON))), paste.Fault{Where: w, Wrong: paste.Packed, Want: "gzip"}},
		"not base64":         {frame("MAILBOX", strings.Repeat("A", 63)), paste.Fault{Where: w, Wrong: paste.Packed, Want: "base64"}},
		"packed and cut":     {frame("MAILBOX", base64.StdEncoding.EncodeToString(zipped(t, mailboxJSON)[:200])), paste.Fault{Where: w, Wrong: paste.Packed, Want: "gzip"}},
		"a bomb":             {printed("MAILBOX", strings.Repeat(" ", 5<<20)), paste.Fault{Where: w, Wrong: paste.TooLong, Want: "at most 4 MiB unpacked"}},
		"content cut":        {printed("MAILBOX", mailboxJSON[:200]), paste.Fault{Where: w, Wrong: paste.Truncated, Line: 8, Property: "module", Want: "a closing quote mark"}},
		"no object":          {printed("MAILBOX", "[1]"), paste.Fault{Where: w, Wrong: paste.PropertyType, Line: 1, Got: "list", Want: "object"}},
		"schema":             {edit(`"schema":  1`, `"schema":  2`), paste.Fault{Where: w, Wrong: paste.OtherSchema, Line: 2, Property: "schema", Got: "number 2", Want: "1"}},
		"no schema":          {edit(`"schema":  1,`, ``), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "schema", Want: "1"}},
		"kind inside":        {edit(`"mailbox"`, `"registration"`), paste.Fault{Where: w, Wrong: paste.OtherKind, Line: 3, Property: "kind", Got: "registration", Want: "mailbox"}},
		"other setup":        {edit(`"SETUP"`, `"OTHER"`), paste.Fault{Where: w, Wrong: paste.OtherSetup, Line: 4, Property: "setup", Got: "OTHER"}},
		"unknown script":     {edit(`"mailbox_read"`, `"registration"`), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: 5, Property: "script", Got: "registration", Want: "a script that prints a block of the kind mailbox"}},
		"old":                {edit("2026-11-21T12", "2026-11-20T11"), paste.Fault{Where: w, Wrong: paste.Old, Line: 6, Property: "at", Got: "2026-11-20T11:00:00Z", Want: "2026-11-20T13:00:00Z"}},
		"tomorrow":           {edit("2026-11-21T12", "2026-11-22T12"), paste.Fault{Where: w, Wrong: paste.Future, Line: 6, Property: "at", Got: "2026-11-22T12:00:00Z"}},
		"no time":            {edit("2026-11-21T12:00:00Z", ""), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: 6, Property: "at", Want: "a time as in 2026-11-21T10:00:00Z"}},
		"a time of people":   {edit("2026-11-21T12:00:00Z", "21.11.2026 12:00"), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: 6, Property: "at", Got: "21.11.2026 12:00", Want: "a time as in 2026-11-21T10:00:00Z"}},
		"module null":        {edit(`"ExchangeOnlineManagement 3.9.0"`, `null`), paste.Fault{Where: w, Wrong: paste.PropertyType, Line: 8, Property: "module", Got: "null", Want: "the module's name and version"}},
		"switch":             {edit(`"tenant_smtp_auth":  "off"`, `"tenant_smtp_auth":  "False"`), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: 9, Property: "tenant_smtp_auth", Got: "False", Want: "one of on, off, "}},
		"switch as bool":     {edit(`"imap":  "on"`, `"imap":  true`), paste.Fault{Where: w, Wrong: paste.PropertyType, Line: line(`"imap"`), Property: "account.imap", Got: "true", Want: "text"}},
		"inherit elsewhere":  {edit(`"imap":  "on"`, `"imap":  "inherit"`), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"imap"`), Property: "account.imap", Got: "inherit", Want: "one of on, off, "}},
		"property lost":      {edit(`"full_access":  "on",`, ``), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "mailboxes[0].full_access", Want: "on, off or an empty text"}},
		"property twice":     {edit(`"primary"`, `"user_name"`), paste.Fault{Where: w, Wrong: paste.PropertyTwice, Line: line(`"primary"`), Property: "account.user_name"}},
		"account lost":       {edit(`"account":  {`, `"acount":  {`), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "account", Want: "the account that signs in"}},
		"account nameless":   {edit(`"user_name":  "svc-mail@contoso.example"`, `"user_name":  ""`), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"user_name"`), Property: "account.user_name", Want: "the name of the account that signs in"}},
		"one mailbox twice":  {edit(`"gone@contoso.example"`, `"SUPPORT@contoso.example"`), paste.Fault{Where: w, Wrong: paste.PropertyTwice, Line: line(`"gone@`) - 1, Property: "mailboxes[1]", Got: "SUPPORT@contoso.example", Want: "each mailbox once"}},
		"no address":         {edit(`"gone@contoso.example"`, `"gone"`), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"gone@`), Property: "mailboxes[1].address", Got: "gone", Want: "a mail address"}},
		"size in words":      {edit(`481789280256`, `"448.7 GB"`), paste.Fault{Where: w, Wrong: paste.PropertyType, Line: line(`481789280256`), Property: "mailboxes[0].bytes", Got: "text", Want: "number"}},
		"size below nothing": {edit(`481789280256`, `-1`), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`481789280256`), Property: "mailboxes[0].bytes", Got: "-1", Want: "a whole number from 0"}},
		"licences no list":   {edit(`"licences":  [`, `"licences":  "E3", "x": [`), paste.Fault{Where: w, Wrong: paste.PropertyType, Line: line(`"licences"`), Property: "account.licences", Got: "text", Want: "list"}},
		"licence nameless":   {edit(`"sku":  "ENTERPRISEPACK",`, ``), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "account.licences[0].sku", Want: "the product's part number"}},
		"no mailboxes":       {printed("MAILBOX", mailboxJSON[:strings.Index(mailboxJSON, `"mailboxes"`)]+`"mailboxes": [], "unread": []}`), paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"mailboxes"`), Property: "mailboxes", Got: "0", Want: "1 to 1000 mailboxes"}},
		"reasons lost":       {edit(`"unread":`, `"red":`), paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "unread", Want: "a list"}},
	} {
		_, err := paste.ParseScriptBlock(tt.pasted, expect)
		sameFault(t, name, tt.want, err)
	}
	_, err := paste.ParseScriptBlock(printed("MAILBOX", mailboxJSON[:strings.Index(mailboxJSON, `"mailboxes"`)]+`"mailboxes": [`+strings.Repeat("{},", 1001)+`], "unread": []}`), expect)
	sameFault(t, "endless mailboxes", paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"mailboxes"`), Property: "mailboxes", Got: "1001", Want: "1 to 1000 mailboxes"}, err)
	want := expect
	want.Kind = adminscript.KindRegistration
	_, err = paste.ParseScriptBlock(block, want)
	sameFault(t, "the other kind", paste.Fault{Where: w, Wrong: paste.OtherKind, Line: 2, Got: "mailbox", Want: "registration"}, err)
	_, err = paste.ParseScriptBlock("x", want)
	sameFault(t, "which one", paste.Fault{Where: w, Wrong: paste.Unknown, Want: "-----BEGIN LATCHKEY REGISTRATION-----"}, err)
}

func zipped(t *testing.T, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestScriptBlockMasksWhatAnAnswerQuotes(t *testing.T) {
	const planted = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	got, err := paste.ParseScriptBlock(printed("MAILBOX", strings.Replace(mailboxJSON, "TotalItemSize is 448.7 GB", "Authorization: Bearer "+planted, 1)), expect)
	if err != nil || strings.Contains(strings.Join(got.Exchange.Unread, ""), planted) {
		t.Errorf("%v: a token is kept in %v", err, got.Exchange)
	}
}

func FuzzParseScriptBlock(f *testing.F) {
	f.Add(printed("MAILBOX", mailboxJSON), true)
	f.Add("> "+printed("REGISTRATION", registrationJSON), true)
	f.Add(mailboxJSON, false)
	f.Add(registrationJSON, false)
	f.Fuzz(func(t *testing.T, text string, framed bool) {
		if !framed { // the content, past the checksum
			text = printed("MAILBOX", text) + "\n"
		}
		b, err := paste.ParseScriptBlock(text, expect)
		var fault *paste.Fault
		switch {
		case err != nil && !errors.As(err, &fault):
			t.Errorf("%v is no fault", err)
		case err == nil && (b.Registered == nil) == (b.Exchange == nil):
			t.Error("a block without content was accepted")
		case err == nil && (b.At.Before(expect.Now.Add(-expect.Life)) || b.At.After(expect.Now.Add(time.Hour))):
			t.Errorf("a block of %v was accepted", b.At)
		}
	})
}
