package setup

import (
	"errors"
	"testing"
	"time"
)

func TestParseSignInLog(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	const other = "99999999-2222-3333-4444-555555555555"
	at := time.Date(2026, 11, 21, 12, 5, 33, 0, time.UTC)
	tests := map[string]struct {
		text string
		want LoggedSignIn
	}{
		"row of the portal": {"11/21/2026, 1:05:33 PM\t7f2a\tSales Service\tsvc-mail@contoso.example\tMailbox connector\tSuccess\t10.0.0.4",
			LoggedSignIn{User: "svc-mail@contoso.example"}},
		"export as JSON": {`{"createdDateTime":"2026-11-21T12:05:33Z","userPrincipalName":"svc-mail@contoso.example","appId":"` + other + `","status":{"errorCode":0}}`,
			LoggedSignIn{User: "svc-mail@contoso.example", Time: at, AppID: other}},
		"export as CSV": {`2026-11-21T13:05:33+01:00,"Sales","svc-mail@Contoso.example",Mailbox connector,` + id + `,Success`,
			LoggedSignIn{User: "svc-mail@contoso.example", Time: at, AppID: id}},
		"details": {"Date\t2026-11-21 12:05:33 UTC\nUser\tSales\nUsername\tsvc-mail@contoso.example\nApplication ID\t" + other + "\nSign-in error code\t50126",
			LoggedSignIn{User: "svc-mail@contoso.example", Time: at, AppID: other, Failure: "50126"}},
		"a refused row": {"11/21/2026, 1:05:33 PM\t7f2a\tSales\tsvc-mail@contoso.example\tMailbox connector\tFailure 50126\t10.0.0.4",
			LoggedSignIn{User: "svc-mail@contoso.example", Failure: "50126"}},
		"a refused row in German": {"22.11.2026, 00:55:10\t7f2a\tVertrieb\tsvc-mail@contoso.example\tMailbox connector\t" + id + "\tFehler\t50126",
			LoggedSignIn{User: "svc-mail@contoso.example", AppID: id, Failure: "50126"}},
		"a row in German": {"22.11.2026, 00:55:10\t7f2a\tVertrieb\tsvc-mail@contoso.example\tMailbox connector\t" + id + "\tErfolg\t0\tFehler-App",
			LoggedSignIn{User: "svc-mail@contoso.example", AppID: id}},
		"a row with the number of a network": {"svc-mail@contoso.example;" + id + ";成功;12874",
			LoggedSignIn{User: "svc-mail@contoso.example", AppID: id}},
		"a refusal in German without its code": {"svc-mail@contoso.example\tMailbox connector\tFehler\t10.0.0.4",
			LoggedSignIn{User: "svc-mail@contoso.example", Failure: "Failure"}},
		"in Japanese":           {"svc-mail@contoso.example," + id + ",失敗,53003", LoggedSignIn{User: "svc-mail@contoso.example", AppID: id, Failure: "53003"}},
		"in Chinese":            {"svc-mail@contoso.example," + id + ",已中断,50140", LoggedSignIn{User: "svc-mail@contoso.example", AppID: id, Failure: "50140"}},
		"in Portuguese":         {"svc-mail@contoso.example," + id + ",Falha", LoggedSignIn{User: "svc-mail@contoso.example", AppID: id, Failure: "Failure"}},
		"in Italian":            {"svc-mail@contoso.example\nStato: Errore (50126)", LoggedSignIn{User: "svc-mail@contoso.example", Failure: "50126"}},
		"a language not known":  {"svc-mail@contoso.example\tSelhání\t50126", LoggedSignIn{User: "svc-mail@contoso.example", Failure: "50126"}},
		"a success by its code": {"svc-mail@contoso.example\tÚspěch\t0", LoggedSignIn{User: "svc-mail@contoso.example"}},
		"the name of a column": {"svc-mail@contoso.example\nStatus\tSuccesso\nMotivo dell'errore\tAltro\nCodice errore\t0\nStato\tRiuscito",
			LoggedSignIn{User: "svc-mail@contoso.example"}},
		"no word about it": {"svc-mail@contoso.example\t" + id, LoggedSignIn{User: "svc-mail@contoso.example", AppID: id, Unclear: true}},
		"a refused row without its code": {"svc-mail@contoso.example," + id + ",Interrupted,10.0.0.4",
			LoggedSignIn{User: "svc-mail@contoso.example", AppID: id, Failure: "Failure"}},
		"a message": {"svc-mail@contoso.example AADSTS50053: locked", LoggedSignIn{User: "svc-mail@contoso.example", Failure: "50053"}},
		"a success with the column of reasons": {"svc-mail@contoso.example\tStatus: Success\tFailure reason: Other.",
			LoggedSignIn{User: "svc-mail@contoso.example"}},
		"the same account twice": {"SVC-mail@contoso.example svc-mail@contoso.example", LoggedSignIn{User: "SVC-mail@contoso.example", Unclear: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseSignInLog("sign_in_log", tt.text, id)
			if err != nil || got != tt.want {
				t.Errorf("read as %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
	for text, want := range map[string]Problem{
		"":                                    ProblemNotSignInLog,
		"Success, 11/21/2026":                 ProblemNotSignInLog,
		"a@contoso.example b@contoso.example": ProblemSignInMixed,
	} {
		var bad *InputError
		if _, err := ParseSignInLog("sign_in_log", text, id); !errors.As(err, &bad) || bad.Problem != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestStateKeepsTheFirstWord(t *testing.T) {
	first, later := time.Unix(1, 0), time.Unix(2, 0)
	var s Setup
	s.State(ItemGuide, StandingYes, "Ann", first)
	copied := s
	s.State(ItemGuide, StandingYes, "Bea", later)
	if got := s.Checklist[ItemGuide]; got != (Stated{StandingYes, "Ann", first}) {
		t.Errorf("the same word again is recorded as %+v", got)
	}
	s.State(ItemGuide, StandingNo, "Bea", later)
	if got := s.Checklist[ItemGuide]; got != (Stated{StandingNo, "Bea", later}) {
		t.Errorf("another word is recorded as %+v", got)
	}
	if got := copied.Checklist[ItemGuide].Standing; got != StandingYes {
		t.Errorf("a copy of the setup changed with it, to %q", got)
	}
	s.State(ItemGuide, "", "Bea", later)
	if _, ok := s.Checklist[ItemGuide]; ok || !s.Empty(ItemGuide.Field()) {
		t.Error("a word taken back is still there")
	}
	if copied.Empty(ItemGuide.Field()) {
		t.Error("a stated item counts as empty")
	}
	if _, ok := s.Values("item.unknown"); ok {
		t.Error("an item that is not on the list has a value")
	}
}
