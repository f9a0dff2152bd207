"""Words and phrases with which somebody opens a request, before its verb."""

from remit.intent.words import words

POLITE = words(
    """
        please kindly now then first firstly second secondly third next also and so finally afterwards
        just instead immediately urgently always simply assistant agent ai bot hey hi hello dear yes ok okay sure
        pls plz oh btw ps ah thanks thx cheers
    """
)
LEADS = [
    "after that",
    "don't forget to",
    "do not forget to",
    "remember to",
    "make sure to",
    "make sure you",
    "make sure that you",
    "be sure to",
    "ensure that you",
    "ensure you",
    "you must",
    "you should",
    "you need to",
    "you have to",
    "you are to",
    "you ought to",
    "can you",
    "could you",
    "would you",
    "will you",
    "i need you to",
    "i want you to",
    "i'd like you to",
    "we need you to",
    "we ask you to",
    "your task is to",
    "the task is to",
    "your job is to",
    "go ahead and",
    "feel free to",
    "proceed to",
    "start by",
    "it is required to",
    "it is necessary to",
    "it is important to",
    "in order to",
    "i would like you to",
    "you are required to",
    "you are asked to",
    "be so kind and",
    "be so kind as to",
    "be so good as to",
]
