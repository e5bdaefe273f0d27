"""The consent desk: web forms with which a person gives a text, sees what is kept, and changes their mind.

Everything works without JavaScript; the one static script lets the browser sign and make the withdrawal code. What a
person types before they sign lives in the memory of this process and nowhere else.
"""
