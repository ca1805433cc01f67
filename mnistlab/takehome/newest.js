// Asks a reader one question at a time; of those that come meanwhile only the newest is asked next.
// `send` passes a question on; `receive` gets each answer and its question.
function askNewest(send, receive) {
  let current = null, next = null;
  const advance = () => {
    current = next;
    next = null;
    if (current) send(current);
  };
  return {
    // null: what was not asked yet needs no answer any more.
    ask(question) {
      next = question;
      if (!current) advance();
    },
    answered(answer) {
      receive(answer, current);
      advance();
    },
    // After a reader has failed and `send` has another one.
    askAgain() {
      if (current) send(current);
    },
  };
}
