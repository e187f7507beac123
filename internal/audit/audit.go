package audit

import (
	"context"
	"iter"
	"time"
)

// Action names what was done. The names are stored and must not change.
type Action string

// The actions of a setup, in the order in which they usually happen.
const (
	SetupCreated        Action = "setup_created"
	AnswersSaved        Action = "answers_saved"
	SecretSaved         Action = "secret_saved"
	LinkCreated         Action = "link_created"
	LinkOpened          Action = "link_opened"
	BrowserRecognised   Action = "browser_recognised"
	SignInConfirmed     Action = "sign_in_confirmed"
	CallbackReceived    Action = "callback_received"
	CallbackRefused     Action = "callback_refused"
	SignInFailed        Action = "sign_in_failed"
	TokenStaged         Action = "token_staged"
	TokenAccepted       Action = "token_accepted"
	TokenRefused        Action = "token_refused"
	TokenRenewed        Action = "token_renewed"
	TokenDeleted        Action = "token_deleted"
	CheckRun            Action = "check_run"
	InviteCreated       Action = "invite_created"
	InviteClaimed       Action = "invite_claimed"
	ParticipantAdmitted Action = "participant_admitted"
	ParticipantRefused  Action = "participant_refused"
	ParticipantRevoked  Action = "participant_revoked"
	ConsentReturned     Action = "consent_returned"
	HandoverDecided     Action = "handover_decided"
	ReportStored        Action = "report_stored"
	ReissueStarted      Action = "reissue_started"
	ReissueFinished     Action = "reissue_finished"
	ReissueCancelled    Action = "reissue_cancelled"
	SetupDeleted        Action = "setup_deleted"
)

// The actions of the installation.
const (
	AdminClaimed Action = "admin_claimed"
	SignedIn     Action = "signed_in"
	SignedOut    Action = "signed_out"
	Override     Action = "override"
)

// Record is one thing that happened.
type Record struct {
	Seq       int64             `json:"seq"` // 1 for the first, then without a gap
	At        time.Time         `json:"at"`  // UTC, to the millisecond
	Actor     string            `json:"actor"`
	ActorName string            `json:"actor_name,omitempty"` // as it was then
	Setup     string            `json:"setup,omitempty"`      // "": the installation
	Action    Action            `json:"action"`
	Detail    map[string]string `json:"detail,omitempty"` // never a secret
	RemoteIP  string            `json:"remote_ip,omitempty"`

	Prev string `json:"prev,omitempty"` // Hash of the record before; "" in the first
	Hash string `json:"hash"`           // 64 hexadecimal digits, see Chain
}

// Store reads what was recorded. Appending belongs to the transaction that does
// what is recorded, and so to the store's own interface; it must be serialised,
// because two records cannot have the same predecessor.
type Store interface {
	// Records returns up to limit records with Seq > after, in order; of one
	// setup, or of all and of the installation if setup is "".
	Records(ctx context.Context, setup string, after int64, limit int) ([]Record, error)
	// Head returns the last record, the zero Record if there is none.
	Head(ctx context.Context) (Record, error)
}

// pageSize is how many records All holds at once.
const pageSize = 500

// All yields the whole chain, page by page. It ends with an error of the store.
func All(ctx context.Context, s Store) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var after int64
		for {
			page, err := s.Records(ctx, "", after, pageSize)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			after = page[len(page)-1].Seq
		}
	}
}
