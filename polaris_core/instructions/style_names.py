"""Names of artistic styles: media, techniques, movements, artists, studios, looks of film.

Colours, materials, sizes, moods and ages are none: "red" says nothing of how it is drawn.
"""

from __future__ import annotations

__all__ = ["STYLES"]

_PHRASES = """
watercolor|watercolour|water color|oil painting|oil paint|oil|acrylic|gouache|pastel|fresco|tempera
ink|ink wash|ink drawing|pen and ink|pencil|pencil sketch|pencil drawing|sketch|charcoal|crayon
chalk|line art|lineart|line drawing|doodle|etching|engraving|woodcut|woodblock|linocut|lithograph
screen print|stained glass|mosaic|collage|origami|papercraft|paper cut|paper cutout|embroidery
felted|claymation|clay animation|plasticine|lego|voxel|pixel|pixel art|8 bit|16 bit|32 bit
low poly|lowpoly|isometric|3d render|3d|cgi|wireframe|vector|vector art|flat design|cel shaded
cel shading|anime|manga|cartoon|cartoonish|cartoony|comic|comic book|comics|chibi|kawaii
caricature|webtoon|manhwa|colored pencil|coloured pencil|colour pencil|color pencil|felt tip
graffiti|street art|stencil|ukiyo e|ukiyoe|sumi e|calligraphy|impressionist|impressionism
impressionistic|post impressionist|expressionist|expressionism|cubist|cubism|surrealist|surrealism
surreal|abstract|abstract expressionist|minimalist|minimalism|pop art|art deco|art nouveau|baroque
rococo|renaissance|gothic|pointillist|pointillism|fauvist|fauvism|dadaist|dada|bauhaus|psychedelic
vaporwave|synthwave|cyberpunk|steampunk|solarpunk|dieselpunk|retro|retrofuturist|retrofuturistic
film noir|noir|sepia|black and white|monochrome|grayscale|greyscale|hdr|bokeh|double exposure
tilt shift|polaroid|lomography|glitch|glitch art|halftone|duotone|risograph|blueprint|storybook
fairytale|fairy tale|fantasy art|concept art|digital art|digital painting|digital illustration
illustration|illustrated|painterly|hand drawn|hand painted|photorealistic|photorealism
hyperrealistic|hyperrealism|hyper realistic|ghibli|studio ghibli|pixar|disney|dreamworks|simpsons
tattoo|woodcarving|linework|airbrush|impasto|sgraffito|batik|tapestry|chinese painting|daguerreotype
chinese ink|ink painting|watercolor painting|watercolour painting|painting|drawing|exaggerated
cross hatch|cross hatched|crosshatch|crosshatched|cross hatching|ink and wash|watercolor and ink
charcoal sketch|chalk drawing|crayon drawing|charcoal drawing|silverpoint|scratchboard|aquatint
drypoint|mezzotint|cyanotype|infrared|tintype|kodachrome|technicolor|stop motion|puppet animation
paper mache|papier mache|quilling|needlepoint|cross stitch|patchwork|felt|crochet art|bas relief
relief|marquetry|cloisonne|raku|delft|azulejo|mosaic tile|pixelated|ascii art|vector graphic
silhouette|cutout|cut paper|paper cut out|sticker|clip art|clipart|emoji|sprite|cel animation
rotoscoped|rotoscope|gouache painting|acrylic painting|pastel drawing|oil pastel|spray paint
spray painted|marker|marker drawing|ballpoint|ballpoint pen|fountain pen|brush pen|brush painting
pen sketch|rough sketch|technical drawing|schematic|newspaper comic|superhero comic|graphic novel
vintage poster|travel poster|propaganda poster|movie poster|album cover|magazine cover|pulp
pin up|zine|children's book|picture book|fashion illustration|botanical illustration|engraved
naive art|folk art|outsider art|op art|street mural|byzantine|romanesque|mannerist|neoclassical
romanticism|realism|realist|hudson river school|pre raphaelite|symbolist|suprematist|constructivist
de stijl|futurist|futurism|vorticist|precisionist|tonalist|luminist|tachist|brutalist|dark fantasy
high fantasy|gothic horror|lowbrow|memphis|y2k|frutiger aero|cottagecore|dark academia|outrun
gold leaf|chalkboard
"""
_ARTISTS = """
van gogh|vincent van gogh|monet|claude monet|picasso|pablo picasso|matisse|henri matisse|klimt
gustav klimt|hokusai|hiroshige|dali|salvador dali|warhol|andy warhol|mucha|alphonse mucha|rembrandt
vermeer|johannes vermeer|da vinci|leonardo da vinci|michelangelo|raphael|botticelli|caravaggio
titian|rubens|turner|constable|gainsborough|delacroix|goya|velazquez|el greco|bosch|hieronymus bosch
bruegel|brueghel|durer|albrecht durer|holbein|cranach|courbet|manet|edouard manet|degas|renoir
cezanne|paul cezanne|seurat|georges seurat|pissarro|gauguin|toulouse lautrec|munch|edvard munch
schiele|egon schiele|kandinsky|wassily kandinsky|klee|paul klee|mondrian|piet mondrian|malevich
chagall|marc chagall|miro|joan miro|magritte|rene magritte|escher|m c escher|frida kahlo|kahlo
diego rivera|georgia o'keeffe|edward hopper|hopper|grant wood|norman rockwell|rockwell|pollock
jackson pollock|rothko|mark rothko|lichtenstein|roy lichtenstein|keith haring|haring|basquiat
jean michel basquiat|banksy|hockney|david hockney|francis bacon|lucian freud|kusama|yayoi kusama
murakami|takashi murakami|kaws|giger|h r giger|moebius|junji ito|miyazaki|hayao miyazaki
makoto shinkai|akira toriyama|tim burton|wes anderson|stan lee|jack kirby|frank miller|mike mignola
beatrix potter|dr seuss|quentin blake|arthur rackham|aubrey beardsley|william morris|gustave dore
ansel adams|annie leibovitz|bob ross|thomas kinkade|caspar david friedrich|modigliani|brancusi
giacometti|max ernst|otto dix|tamara de lempicka|erte|cassandre|ivan shishkin|aivazovsky|repin
vasnetsov|vrubel|qi baishi|xu beihong|utamaro|kuniyoshi|greg rutkowski|loish|simon stalenhag
"""
_EXTRA = """
genshin impact|minecraft|roblox|fortnite|gta|grand theft auto|rick and morty|south park|family guy
adventure time|attack on titan|one piece|dragon ball|sailor moon|naruto|pokemon|jojo|sin city
blade runner|star wars|lord of the rings|arcane|spider verse|looney tunes|tom and jerry|peanuts
tintin|asterix|garfield|wallace and gromit|coraline|barbie|matrix|the sims|animal crossing
final fantasy|borderlands|cuphead|zelda|super mario
"""


def _split(text: str) -> set[tuple[str, ...]]:
    return {tuple(p.split()) for line in text.split("\n") for p in line.split("|") if p}


STYLES = frozenset(_split(_PHRASES) | _split(_ARTISTS) | _split(_EXTRA))
"""Each a tuple of words in lower case, hyphens parted."""
